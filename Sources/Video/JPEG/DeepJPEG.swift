// JPEG that libjpeg-turbo before version 3 does not read: sequential DCT of 12 bits and lossless of 2 to 16 bits
// (ITU-T T.81, processes 2, 4 and 14), with all samples of a picture in memory.

import EchoCore

/// Whether `DeepJPEG` reads pictures with this head.
extension JPEGHead {
    var isDeep: Bool {
        process == 0xC3 ? (2...16).contains(bits) : (0xC0...0xC1).contains(process) && bits == 12
    }
}

/// A picture while it is decoded.
struct DeepJPEG {
    private struct Component {
        let id: UInt8, quantisation: Int
        var samples: [UInt16]
    }

    /// A component's part of a scan.
    private struct Part {
        let component: Int
        let dc: JPEGHuffmanTable, ac: JPEGHuffmanTable?
        /// The last DC value.
        var last = 0
    }

    private let head: JPEGHead
    private let bytes: [UInt8]
    private var components: [Component] = []
    /// Huffman tables as coded, counts and values: they are made when a scan uses them.
    private var tables = [ArraySlice<UInt8>](repeating: [], count: 8)
    private var quantisation = [[Float]](repeating: [], count: 4)
    private var restartInterval = 0
    /// Components of which a scan was read.
    private var done: Set<Int> = []

    private var isLossless: Bool { head.process == 0xC3 }
    /// Samples of a unit of the code, across and down; units in a row; samples of a row in memory.
    private var unit: Int { isLossless ? 1 : 8 }
    private var perRow: Int { (head.width + unit - 1) / unit }
    private var stride: Int { perRow * unit }

    /// Decodes the picture in `bytes[range]`.
    ///
    /// - Throws: `.undecodable` for what breaks the standard's rules, `.unsupported` for other than one or three
    ///   components and for subsampled chroma, which DICOM does not have in these codes.
    static func samples(_ bytes: [UInt8], _ range: Range<Int>) throws(Rejection) -> PixelSamples {
        guard let head = JPEGHead(bytes, range), head.isDeep else {
            throw Rejection(.undecodable, "a picture of another JPEG process")
        }
        var picture = DeepJPEG(head, bytes)
        try picture.decode(range)
        return try picture.samples()
    }

    private init(_ head: JPEGHead, _ bytes: [UInt8]) {
        self.head = head
        self.bytes = bytes
    }

    /// Walks the segments to the end of the image.
    private mutating func decode(_ range: Range<Int>) throws(Rejection) {
        var position = range.lowerBound + 2
        while done.count < max(1, components.count) {
            // What stands before a marker is padding.
            while position + 1 < range.upperBound, bytes[position] != 0xFF || bytes[position + 1] == 0xFF {
                position += 1
            }
            guard position + 4 <= range.upperBound else {
                throw Rejection(.undecodable, "a picture that ends before its last scan")
            }
            let marker = bytes[position + 1]
            if marker == 0 || marker == 1 || (0xD0...0xD8).contains(marker) {
                position += 2
                continue
            }
            let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            guard marker != 0xD9, length >= 2, position + 2 + length <= range.upperBound else {
                throw Rejection(.undecodable, "a picture that ends before its last scan")
            }
            let segment = bytes[position + 4..<position + 2 + length]
            position += 2 + length
            switch marker {
            case 0xC4: try readTables(segment)
            case 0xDB: try readQuantisation(segment)
            case 0xDD where segment.count >= 2:
                restartInterval = Int(segment[segment.startIndex]) << 8 | Int(segment[segment.startIndex + 1])
            case 0xC0, 0xC1, 0xC3: try readFrame(segment)
            case 0xDA: position = try readScan(segment, position..<range.upperBound)
            default: break
            }
        }
    }

    private func broken(_ what: String) -> Rejection { Rejection(.undecodable, "JPEG with \(what)") }

    private mutating func readTables(_ segment: ArraySlice<UInt8>) throws(Rejection) {
        var rest = segment
        while rest.count >= 17 {
            let place = rest.removeFirst()
            let count = 16 + rest.prefix(16).reduce(0) { $0 + Int($1) }
            guard place & 0xEC == 0, count <= rest.count else { throw broken("a Huffman table that is none") }
            tables[Int(place >> 4) * 4 + Int(place & 3)] = rest.prefix(count)
            rest = rest.dropFirst(count)
        }
    }

    private mutating func readQuantisation(_ segment: ArraySlice<UInt8>) throws(Rejection) {
        var rest = segment
        while let place = rest.popFirst() {
            let width = place >> 4 == 0 ? 1 : 2
            guard place & 0xEC == 0, rest.count >= 64 * width else {
                throw broken("a quantisation table that is none")
            }
            let values = Array(rest.prefix(64 * width))
            quantisation[Int(place & 3)] = (0..<64).map {
                width == 1 ? Float(values[$0]) : Float(Int(values[2 * $0]) << 8 | Int(values[2 * $0 + 1]))
            }
            rest = rest.dropFirst(64 * width)
        }
    }

    private mutating func readFrame(_ segment: ArraySlice<UInt8>) throws(Rejection) {
        let fields = Array(segment.dropFirst(6))
        guard components.isEmpty, head.height > 0, head.width > 0, [1, 3].contains(head.components),
            fields.count >= 3 * head.components
        else { throw Rejection(.unsupported, "JPEG of \(head.components) components") }
        guard head.height <= PlaneStack.largestPicture / head.width else {
            throw Rejection(.tooLarge, "pictures of \(head.width) × \(head.height) pixels")
        }
        // The factors of a single component mean nothing.
        guard head.components == 1 || (0..<3).allSatisfy({ fields[3 * $0 + 1] == fields[1] }) else {
            throw Rejection(.unsupported, "JPEG of this process with subsampled chroma")
        }
        let size = stride * (head.height + unit - 1) / unit * unit
        components = (0..<head.components).map { index in
            Component(
                id: fields[3 * index], quantisation: Int(fields[3 * index + 2] & 3),
                samples: [UInt16](repeating: 0, count: size))
        }
    }

    /// Reads a scan whose entropy-coded data lie in `range`; returns where they end.
    private mutating func readScan(_ segment: ArraySlice<UInt8>, _ range: Range<Int>) throws(Rejection) -> Int
    {
        let fields = Array(segment)
        let count = fields.first.map { Int($0) } ?? 0
        guard count >= 1, fields.count >= 2 * count + 4 else { throw broken("a scan without a head") }
        var parts: [Part] = []
        for at in 0..<count {
            let (id, places) = (fields[1 + 2 * at], fields[2 + 2 * at])
            guard let index = components.firstIndex(where: { $0.id == id }), places & 0xCC == 0,
                !done.contains(index), !parts.contains(where: { $0.component == index })
            else { throw broken("a scan of a component that it has not") }
            let ac = JPEGHuffmanTable(tables[4 + Int(places & 15)])
            guard let dc = JPEGHuffmanTable(tables[Int(places >> 4)]), isLossless || ac != nil else {
                throw broken("a scan without its Huffman table")
            }
            parts.append(Part(component: index, dc: dc, ac: ac))
        }
        let predictor = Int(fields[2 * count + 1]), shift = Int(fields[2 * count + 3] & 15)
        guard !isLossless || (1...7).contains(predictor) && shift < head.bits else {
            throw broken("an unknown predictor")
        }
        guard restartInterval == 0 || !isLossless || restartInterval % perRow == 0 else {
            throw Rejection(.unsupported, "lossless JPEG that restarts within a line")
        }
        var bits = JPEGBits(bytes, range)
        var firstRow = 0
        for row in 0..<(head.height + unit - 1) / unit {
            for column in 0..<perRow {
                if restartInterval > 0, row + column > 0, (row * perRow + column) % restartInterval == 0 {
                    try bits.restart()
                    firstRow = row
                    for index in parts.indices { parts[index].last = 0 }
                }
                for index in parts.indices {
                    if isLossless {
                        let isFirst = row == firstRow
                        try readSample(parts[index], column, row, isFirst, predictor, shift, &bits)
                    } else {
                        try readBlock(&parts[index], column, row, &bits)
                    }
                }
            }
        }
        done.formUnion(parts.map(\.component))
        return bits.position
    }

    /// One lossless sample (T.81 H.1.2).
    private mutating func readSample(
        _ part: Part, _ x: Int, _ y: Int, _ isFirst: Bool, _ predictor: Int, _ shift: Int,
        _ bits: inout JPEGBits
    ) throws(Rejection) {
        let size = try bits.next(part.dc)
        guard size <= 16 else { throw broken("a difference of more than 16 bits") }
        let difference = size == 16 ? 1 << 15 : try bits.difference(size)
        let place = y * stride + x
        let above = place - stride
        func sample(_ place: Int) -> Int {
            Int(components[part.component].samples[place] >> UInt16(shift))
        }
        let prediction =
            if isFirst {
                x == 0 ? 1 << (head.bits - shift - 1) : sample(place - 1)
            } else if x == 0 {
                sample(above)
            } else {
                switch predictor {
                case 1: sample(place - 1)
                case 2: sample(above)
                case 3: sample(above - 1)
                case 4: sample(place - 1) + sample(above) - sample(above - 1)
                case 5: sample(place - 1) + (sample(above) - sample(above - 1)) >> 1
                case 6: sample(above) + (sample(place - 1) - sample(above - 1)) >> 1
                default: (sample(place - 1) + sample(above)) >> 1
                }
            }
        let value = (prediction + difference) << shift & (1 << head.bits - 1)
        components[part.component].samples[place] = UInt16(value)
    }

    /// One block of 8 × 8 (T.81 F.2).
    private mutating func readBlock(_ part: inout Part, _ x: Int, _ y: Int, _ bits: inout JPEGBits)
        throws(Rejection)
    {
        let steps = quantisation[components[part.component].quantisation]
        guard steps.count == 64, let ac = part.ac else { throw broken("no quantisation table") }
        var block = [Float](repeating: 0, count: 64)
        let size = try bits.next(part.dc)
        guard size <= 15 else { throw broken("a difference of more than 15 bits") }
        part.last += try bits.difference(size)
        block[0] = Float(part.last) * steps[0]
        var at = 1
        while at < 64 {
            let code = try bits.next(ac)
            if code == 0 { break }
            at += code >> 4
            guard at < 64 else { throw broken("more coefficients than a block has") }
            if code & 15 > 0 { block[zigzag[at]] = Float(try bits.difference(code & 15)) * steps[at] }
            at += 1
        }
        let middle = Float(1 << (head.bits - 1)), top = Float(1 << head.bits - 1)
        for (place, value) in inverseDCT(block).enumerated() {
            let level = min(max((value + middle).rounded(), 0), top)
            components[part.component].samples[(8 * y + place / 8) * stride + 8 * x + place % 8] = UInt16(
                level)
        }
    }

    private func samples() throws(Rejection) -> PixelSamples {
        guard !components.isEmpty else { throw broken("no frame header") }
        let planes = components.map { component in
            (0..<head.height).flatMap { component.samples[$0 * stride..<$0 * stride + head.width] }
        }
        return PixelSamples(
            height: head.height, width: head.width, bits: head.bits,
            sampling: planes.count == 1 ? nil : .full, planes: planes)
    }
}

/// The place in a block, row by row, of each coefficient in the order of the code (T.81 figure A.6).
private let zigzag: [Int] = (0..<15).flatMap { diagonal in
    let rows = max(0, diagonal - 7)...min(7, diagonal)
    let places = rows.map { 8 * $0 + diagonal - $0 }
    return diagonal % 2 == 0 ? places.reversed() : places
}

/// `basis[8 * x + u]` is the part of coefficient u in sample x.
private let basis: [Float] = {
    // cos(k·π/16) for k = 0 … 8; the others follow by symmetry.
    let cosines: [Float] = [
        1, 0.98078528, 0.92387953, 0.83146961, 0.70710678, 0.55557023, 0.38268343, 0.19509032, 0,
    ]
    func cosine(_ k: Int) -> Float {
        let k = k % 32
        return k <= 8 ? cosines[k] : k <= 16 ? -cosines[16 - k] : cosine(32 - k)
    }
    return (0..<64).map { at in
        let (x, u) = (at / 8, at % 8)
        return (u == 0 ? cosines[4] : 1) * cosine((2 * x + 1) * u) / 2
    }
}()

private func inverseDCT(_ block: [Float]) -> [Float] {
    var rows = [Float](repeating: 0, count: 64), out = rows
    for v in 0..<8 {
        for x in 0..<8 {
            rows[8 * v + x] = (0..<8).reduce(Float(0)) { $0 + basis[8 * x + $1] * block[8 * v + $1] }
        }
    }
    for y in 0..<8 {
        for x in 0..<8 {
            out[8 * y + x] = (0..<8).reduce(Float(0)) { $0 + basis[8 * y + $1] * rows[8 * $1 + x] }
        }
    }
    return out
}
