// The frames of a DICOM file: where they lie, in which code they are, and their decoding one after the other.

import DICOM
import EchoCore

/// The located frames of a file whose pixels are pictures one by one (not a video stream).
struct DICOMFrames: Sendable {
    private enum Code: Sendable {
        /// JPEG of 8 bits that libjpeg-turbo decodes.
        case jpeg
        /// JPEG of more bits, and lossless.
        case deepJPEG
        case jpegLS
        /// Another coded picture, and the names of its decoders in libavcodec.
        case picture([String])
        case runLength
        /// Samples as they are, and where each frame begins in the bytes.
        case native(NativePixels, bytes: [UInt8], starts: [Int])
    }

    let count: Int, height: Int, width: Int
    private let dataset: DICOMDataset
    private let code: Code
    /// The fragments of each coded frame.
    private let places: [[Range<Int>]]

    /// Native pixel data in `element`.
    init(_ dataset: DICOMDataset, native element: Range<Int>, said: Int?) throws(Rejection) {
        let photometric = dataset.text(.photometricInterpretation) ?? ""
        let pixels = try NativePixels(dataset, photometric: photometric, count: element.count, said: said)
        // Bytes that are swapped in pairs need both.
        let count = (pixels.swapsBytes ? element.count & ~1 : element.count) / pixels.frameBytes
        let starts = (0..<count).map { element.lowerBound + $0 * pixels.frameBytes }
        try self.init(dataset, pixels, dataset.bytes, starts, length: element.count)
    }

    /// Native pixels in fragments: one a frame, each padded to an even length, or all frames in any pieces.
    ///
    /// - Returns: nil if that is not what the fragments are
    /// - Parameter isSaid: whether the transfer syntax says so; otherwise the fragments must have a frame's length
    init?(
        _ dataset: DICOMDataset, nativeFragments fragments: [Range<Int>], said: Int?, isSaid: Bool
    ) throws(Rejection) {
        let photometric = dataset.text(.photometricInterpretation) ?? ""
        let count = fragments.reduce(0) { $0 + $1.count }
        let pixels: NativePixels
        do throws(Rejection) {
            pixels = try NativePixels(dataset, photometric: photometric, count: count, said: said)
        } catch {
            if isSaid { throw error }
            return nil
        }
        let size = pixels.frameBytes
        if fragments.allSatisfy({ $0.count == size || $0.count == size + size % 2 }) {
            try self.init(dataset, pixels, dataset.bytes, fragments.map(\.lowerBound), length: count)
            return
        }
        guard isSaid else { return nil }
        let joined = fragments.reduce(into: [UInt8]()) { $0 += dataset.bytes[$1] }
        let starts = (0..<joined.count / size).map { $0 * size }
        try self.init(dataset, pixels, joined, starts, length: joined.count)
    }

    private init(
        _ dataset: DICOMDataset, _ pixels: NativePixels, _ bytes: [UInt8], _ starts: [Int], length: Int
    ) throws(Rejection) {
        guard !starts.isEmpty else {
            throw Rejection(.truncated, "\(grouped(length)) bytes of pixels, less than one frame")
        }
        count = starts.count
        (height, width) = (pixels.height, pixels.width)
        self.dataset = dataset
        code = .native(pixels, bytes: bytes, starts: starts)
        places = []
    }

    /// Coded frames; nil if their bytes begin no code that is known here.
    init?(_ dataset: DICOMDataset, coded places: [[Range<Int>]]) throws(Rejection) {
        // A fault in the first frame must not hide what the others are.
        let known = places.lazy.compactMap { place -> (PixelData.Code, [Range<Int>])? in
            guard let first = place.first else { return nil }
            return PixelData.Code(beginningOf: dataset.bytes[first]).map { ($0, place) }
        }
        guard let (begin, place) = known.first else { return nil }
        let (bytes, range) = DICOMFrames.joined(place, dataset.bytes)
        var rows = dataset.integer(.rows) ?? 0
        var columns = dataset.integer(.columns) ?? 0
        switch begin {
        case .jpeg:
            guard let head = JPEGHead(bytes, range) else {
                throw Rejection(
                    .undecodable, "a JPEG picture without a frame header, at byte \(place[0].lowerBound)")
            }
            (rows, columns) = (head.height, head.width)
            switch head.process {
            case _ where head.isPlain: code = .jpeg
            case _ where head.isDeep: code = .deepJPEG
            case 0xF7: code = .jpegLS
            default:
                throw Rejection(
                    .unsupported, "JPEG of \(head.bits) bits by a process that nothing here reads")
            }
        case .jpeg2000:
            guard let head = JPEG2000Head(bytes, range) else {
                throw Rejection(
                    .undecodable, "a JPEG 2000 picture without a size, at byte \(place[0].lowerBound)")
            }
            (rows, columns) = (head.height, head.width)
            // Only OpenJPEG knows these, and its wrapper is the one that loses samples.
            guard head.bits <= 8 || !head.isHighThroughput else {
                throw Rejection(.unsupported, "high-throughput JPEG 2000 of \(head.bits) bits")
            }
            // libavcodec's wrapper of OpenJPEG loses samples of 10, 12 and 14 bits; its own decoder is less exact.
            code = .picture(head.bits <= 8 ? ["libopenjpeg", "jpeg2000"] : ["jpeg2000", "libopenjpeg"])
        case .rle: code = .runLength
        }
        (height, width) = (rows, columns)
        count = places.count
        self.dataset = dataset
        self.places = places
    }

    /// Decodes the first `limit` frames. A fault ends them and is told, with the number of its frame.
    /// - Returns: the frames, and words for what was read otherwise than the file says
    /// - Throws: the fault, if it is in the first frame.
    func decode(_ limit: Int) throws(Rejection) -> (PlaneStack, flags: [String], fault: Rejection?) {
        var stack: PlaneStack?
        var meaning: PixelMeaning?
        do throws(Rejection) {
            switch code {
            case .jpeg: try decodeJPEG(limit, &meaning, &stack)
            case .deepJPEG: try decodePictures(limit, &meaning, &stack, by: DeepJPEG.samples)
            case .jpegLS: try decodePictures(limit, &meaning, &stack, by: JPEGLS.samples)
            case .picture(let names):
                let decoder = try LibAVCodec(names)
                try decodePictures(limit, &meaning, &stack) { bytes, range throws(Rejection) in
                    try decoder.samples(bytes, range)
                }
            case .runLength: try decodeRunLengths(limit, &meaning, &stack)
            case .native(let pixels, let bytes, let starts):
                try decodeNative(limit, pixels, bytes, starts, &meaning, &stack)
            }
        } catch {
            guard let stack, stack.frames > 0 else { throw error }
            let fault = Rejection(error.reason, "frame \(stack.frames + 1) of \(count): \(error.detail)")
            return (stack, meaning?.flags ?? [], fault)
        }
        return (stack!, meaning?.flags ?? [], nil)
    }

    private func coded(_ index: Int) -> ([UInt8], Range<Int>) {
        DICOMFrames.joined(places[index], dataset.bytes)
    }

    /// The bytes of a coded frame: its fragment in the file, or its fragments joined.
    private static func joined(_ place: [Range<Int>], _ bytes: [UInt8]) -> ([UInt8], Range<Int>) {
        if place.count == 1 { return (bytes, place[0]) }
        let joined = place.reduce(into: [UInt8]()) { $0 += bytes[$1] }
        return (joined, joined.indices)
    }

    private func decodeJPEG(
        _ limit: Int, _ meaning: inout PixelMeaning?, _ stack: inout PlaneStack?
    ) throws(Rejection) {
        let decoder = try LibJPEGDecoder()
        let (bytes, range) = coded(0)
        let head = try decoder.head(bytes, range)
        // Where no marker says it, pixels and tag tell R, G, B from Y, Cb, Cr.
        let isRGB = head.isColourUnsaid ? nil : head.isRGB
        func samples(_ index: Int) throws(Rejection) -> PixelSamples {
            let (bytes, range) = coded(index)
            var single = try PlaneStack(head.shape, frames: 1)
            try decoder.append(bytes, range, to: &single)
            return PixelSamples(single, isRGB: isRGB)
        }
        meaning = try PixelMeaning(
            dataset, components: head.shape.sampling == nil ? 1 : 3, bits: 8, isJPEG: true)
        if head.shape.sampling == .full, isRGB == nil {
            meaning!.settle(by: try samples(0))
        } else {
            meaning!.settle(head.shape.sampling, isRGB: isRGB)
        }
        if meaning!.isPlanes {
            stack = try PlaneStack(head.shape, frames: limit)
            stack!.gatherFootprint()
            for index in 0..<limit {
                let (bytes, range) = coded(index)
                try decoder.append(bytes, range, to: &stack!)
            }
            return
        }
        for index in 0..<limit { try append(samples(index), meaning!, limit, &stack) }
    }

    private func decodePictures(
        _ limit: Int, _ meaning: inout PixelMeaning?, _ stack: inout PlaneStack?,
        by decode: ([UInt8], Range<Int>) throws(Rejection) -> PixelSamples
    ) throws(Rejection) {
        for index in 0..<limit {
            let (bytes, range) = coded(index)
            var samples = try decode(bytes, range)
            if let head = JPEG2000Head(bytes, range) {
                if head.isSigned { samples.makeSigned() }
                if head.transformsComponents { samples.isRGB = true }
            }
            try append(samples, &meaning, limit, &stack)
        }
    }

    private func decodeRunLengths(
        _ limit: Int, _ meaning: inout PixelMeaning?, _ stack: inout PlaneStack?
    ) throws(Rejection) {
        let photometric = dataset.text(.photometricInterpretation) ?? ""
        let pixels = try NativePixels(dataset, photometric: photometric, count: 0, said: nil)
        for index in 0..<limit {
            let (bytes, range) = coded(index)
            let planes = try decodeRunLength(
                bytes, range, height: height, width: width, components: pixels.components,
                bytesPerSample: pixels.bitsAllocated / 8)
            let samples = PixelSamples(
                height: height, width: width, bits: pixels.bitsStored,
                sampling: pixels.components == 3 ? .full : nil, planes: planes.map { $0.map(pixels.stored) })
            try append(samples, &meaning, limit, &stack)
        }
    }

    private func decodeNative(
        _ limit: Int, _ pixels: NativePixels, _ bytes: [UInt8], _ starts: [Int],
        _ meaning: inout PixelMeaning?, _ stack: inout PlaneStack?
    ) throws(Rejection) {
        for start in starts.prefix(limit) {
            let samples = pixels.samples(bytes, at: start, origin: starts[0])
            try append(samples, &meaning, limit, &stack)
        }
    }

    /// Appends a frame; the first one settles what samples mean.
    private func append(
        _ samples: PixelSamples, _ meaning: inout PixelMeaning?, _ limit: Int, _ stack: inout PlaneStack?
    ) throws(Rejection) {
        if meaning == nil {
            meaning = try PixelMeaning(dataset, components: samples.planes.count, bits: samples.bits)
            meaning!.settle(by: samples)
        }
        try append(samples, meaning!, limit, &stack)
    }

    private func append(
        _ samples: PixelSamples, _ meaning: PixelMeaning, _ limit: Int, _ stack: inout PlaneStack?
    ) throws(Rejection) {
        if stack == nil { stack = try PlaneStack(meaning.shape(samples), frames: limit) }
        try meaning.append(samples, to: &stack!)
    }
}
