// JPEG-LS (ITU-T T.87), lossless and near-lossless, in all three interleavings: libavcodec lacks the one by sample.

import EchoCore

/// A picture while it is decoded.
struct JPEGLS {
    private let head: JPEGHead
    private let bytes: [UInt8]
    /// The components' identifiers in the order of the frame header, and their samples.
    private var ids: [UInt8] = []
    private var planes: [[UInt16]] = []
    /// Components of which a scan was read.
    private var done: Set<Int> = []
    private var presets = JPEGLSPresets()

    /// Decodes the picture in `bytes[range]`.
    ///
    /// - Throws: `.undecodable` for what breaks the standard's rules, `.unsupported` for other than one or three
    ///   components, subsampling, mapping tables, restart intervals and HP's colour transforms.
    static func samples(_ bytes: [UInt8], _ range: Range<Int>) throws(Rejection) -> PixelSamples {
        guard let head = JPEGHead(bytes, range), head.process == 0xF7 else {
            throw Rejection(.undecodable, "a picture of another JPEG process")
        }
        guard head.components == 1 || head.components == 3 else {
            throw Rejection(.unsupported, "JPEG-LS of \(head.components) components")
        }
        guard (2...16).contains(head.bits), head.height > 0, head.width > 0 else {
            throw Rejection(.undecodable, "JPEG-LS of \(head.width) × \(head.height) in \(head.bits) bits")
        }
        guard head.height <= PlaneStack.largestPicture / head.width else {
            throw Rejection(.tooLarge, "pictures of \(head.width) × \(head.height) pixels")
        }
        var picture = JPEGLS(head, bytes)
        try picture.decode(range)
        return PixelSamples(
            height: head.height, width: head.width, bits: head.bits,
            sampling: picture.planes.count == 1 ? nil : .full, planes: picture.planes)
    }

    private init(_ head: JPEGHead, _ bytes: [UInt8]) {
        self.head = head
        self.bytes = bytes
    }

    /// Walks the segments until every component has been read.
    private mutating func decode(_ range: Range<Int>) throws(Rejection) {
        var position = range.lowerBound + 2
        while done.count < head.components {
            // What stands before a marker is padding.
            while position + 1 < range.upperBound,
                bytes[position] != 0xFF || bytes[position + 1] < 0x80
                    || bytes[position + 1] == 0xFF
            {
                position += 1
            }
            guard position + 4 <= range.upperBound, bytes[position + 1] != 0xD9 else {
                throw broken("fewer scans than components")
            }
            let marker = bytes[position + 1]
            let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            guard length >= 2, position + 2 + length <= range.upperBound else {
                throw broken("a segment that is cut")
            }
            let segment = bytes[position + 4..<position + 2 + length]
            position += 2 + length
            switch marker {
            case 0xF7: try readFrame(segment)
            case 0xF8: try readPresets(segment)
            case 0xDD where segment.contains { $0 != 0 }:
                throw Rejection(.unsupported, "JPEG-LS with restart intervals")
            case 0xE8 where segment.starts(with: "mrfx".utf8) && segment.last != 0:
                throw Rejection(.unsupported, "JPEG-LS with a colour transform")
            case 0xDA: position = try readScan(segment, position..<range.upperBound)
            default: break
            }
        }
    }

    private func broken(_ what: String) -> Rejection { Rejection(.undecodable, "JPEG-LS with \(what)") }

    private mutating func readFrame(_ segment: ArraySlice<UInt8>) throws(Rejection) {
        let parts = Array(segment.dropFirst(6))
        guard ids.isEmpty, parts.count >= 3 * head.components else { throw broken("a head that is cut") }
        for component in 0..<head.components {
            guard parts[3 * component + 1] == parts[1] else {
                throw Rejection(.unsupported, "JPEG-LS with subsampled components")
            }
            ids.append(parts[3 * component])
        }
        planes = [[UInt16]](repeating: [], count: head.components)
    }

    /// Of the LSE segments (C.2.4.1) those of type 1 are needed; mapping tables only do harm where a scan uses them.
    private mutating func readPresets(_ segment: ArraySlice<UInt8>) throws(Rejection) {
        guard segment.first == 1 else {
            if segment.first == 4 { throw Rejection(.unsupported, "JPEG-LS of a size beyond 16 bits") }
            return
        }
        let parts = Array(segment.dropFirst())
        guard parts.count >= 10 else { throw broken("parameters that are cut") }
        let words = (0..<5).map { Int(parts[2 * $0]) << 8 | Int(parts[2 * $0 + 1]) }
        presets = JPEGLSPresets(
            maximum: words[0], thresholds: Array(words[1...3]), reset: words[4])
    }

    /// Decodes one scan; returns where its data end.
    private mutating func readScan(_ segment: ArraySlice<UInt8>, _ data: Range<Int>) throws(Rejection) -> Int
    {
        let parts = Array(segment)
        guard let count = parts.first.map(Int.init), (1...head.components).contains(count),
            parts.count >= 4 + 2 * count
        else { throw broken("a scan's head that is none") }
        var chosen: [Int] = []
        for index in 0..<count {
            guard let component = ids.firstIndex(of: parts[1 + 2 * index]), done.insert(component).inserted
            else {
                throw broken("a scan of a component that is none, or was read")
            }
            guard parts[2 + 2 * index] == 0 else {
                throw Rejection(.unsupported, "JPEG-LS with mapping tables")
            }
            chosen.append(component)
        }
        let near = Int(parts[1 + 2 * count]), interleave = parts[2 + 2 * count]
        let shift = UInt16(parts[3 + 2 * count] & 15)
        guard interleave <= 2, interleave > 0 || count == 1 else {
            throw broken("an interleaving that is none")
        }
        guard let parameters = JPEGLSParameters(presets, bits: head.bits, near: near) else {
            throw broken("parameters that contradict each other")
        }
        var scan = JPEGLSScan(parameters, JPEGLSBits(bytes, data), components: count, width: head.width)
        for component in chosen { planes[component].reserveCapacity(head.height * head.width) }
        for _ in 0..<head.height {
            try scan.decodeLine(bySample: interleave == 2)
            for (place, component) in chosen.enumerated() {
                planes[component] += scan.line(of: place).lazy.map { UInt16(truncatingIfNeeded: $0) << shift }
            }
        }
        return scan.end
    }
}

/// What an LSE segment of type 1 says; 0 stands for what the standard has otherwise.
struct JPEGLSPresets: Sendable {
    var maximum = 0
    var thresholds = [0, 0, 0]
    var reset = 0
}

/// The numbers that a scan is coded with (T.87 annex A, C.2.4.1.1).
struct JPEGLSParameters: Sendable {
    let maximum: Int, near: Int, range: Int, reset: Int
    let t1: Int, t2: Int, t3: Int
    /// Bits of a mapped error where its length is limited, and that limit.
    let errorBits: Int, limit: Int

    /// nil for numbers that contradict each other.
    init?(_ presets: JPEGLSPresets, bits: Int, near: Int) {
        let maximum = presets.maximum == 0 ? 1 << bits - 1 : presets.maximum
        guard maximum < 1 << bits, near <= min(255, maximum / 2) else { return nil }
        func clamped(_ value: Int, from low: Int) -> Int { value > maximum || value < low ? low : value }
        let basic: [Int]
        if maximum >= 128 {
            let factor = (min(maximum, 4095) + 128) / 256
            basic = [factor * 1 + 2 + 3 * near, factor * 4 + 3 + 5 * near, factor * 17 + 4 + 7 * near]
        } else {
            let factor = 256 / (maximum + 1)
            basic = [
                max(2, 3 / factor + 3 * near), max(3, 7 / factor + 5 * near), max(4, 21 / factor + 7 * near),
            ]
        }
        let given = presets.thresholds
        t1 = given[0] == 0 ? clamped(basic[0], from: near + 1) : given[0]
        t2 = given[1] == 0 ? clamped(basic[1], from: t1) : given[1]
        t3 = given[2] == 0 ? clamped(basic[2], from: t2) : given[2]
        guard near < t1, t1 <= t2, t2 <= t3, t3 <= maximum || given[2] == 0 else { return nil }
        reset = presets.reset == 0 ? 64 : presets.reset
        guard reset >= 3 else { return nil }
        self.maximum = maximum
        self.near = near
        range = (maximum + 2 * near) / (2 * near + 1) + 1
        func width(_ count: Int) -> Int { Int.bitWidth - (count - 1).leadingZeroBitCount }
        errorBits = width(range)
        let depth = max(2, width(maximum + 1))
        limit = 2 * (depth + max(8, depth))
    }
}
