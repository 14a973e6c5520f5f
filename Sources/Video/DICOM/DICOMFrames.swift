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
        case native(NativePixels, element: Range<Int>)
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
        count = (pixels.swapsBytes ? element.count & ~1 : element.count) / pixels.frameBytes
        guard count > 0 else {
            throw Rejection(.truncated, "\(grouped(element.count)) bytes of pixels, less than one frame")
        }
        (height, width) = (pixels.height, pixels.width)
        self.dataset = dataset
        code = .native(pixels, element: element)
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
    /// - Throws: the fault, if it is in the first frame.
    func decode(_ limit: Int) throws(Rejection) -> (PlaneStack, fault: Rejection?) {
        var stack: PlaneStack?
        do throws(Rejection) {
            switch code {
            case .jpeg: try decodeJPEG(limit, &stack)
            case .deepJPEG: try decodePictures(limit, &stack, by: DeepJPEG.samples)
            case .jpegLS: try decodePictures(limit, &stack, by: JPEGLS.samples)
            case .picture(let names):
                let decoder = try LibAVCodec(names)
                try decodePictures(limit, &stack) { bytes, range throws(Rejection) in
                    try decoder.samples(bytes, range)
                }
            case .runLength: try decodeRunLengths(limit, &stack)
            case .native(let pixels, let element): try decodeNative(limit, pixels, element, &stack)
            }
        } catch {
            guard let stack, stack.frames > 0 else { throw error }
            return (stack, Rejection(error.reason, "frame \(stack.frames + 1) of \(count): \(error.detail)"))
        }
        return (stack!, nil)
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

    private func decodeJPEG(_ limit: Int, _ stack: inout PlaneStack?) throws(Rejection) {
        let decoder = try LibJPEGDecoder()
        let (bytes, range) = coded(0)
        let head = try decoder.head(bytes, range)
        let meaning = try PixelMeaning(
            dataset, components: head.shape.sampling == nil ? 1 : 3, bits: 8, isJPEG: true)
        // Where no marker says and chroma is whole, the tag tells R, G, B from Y, Cb, Cr.
        let isRGB = head.isColourUnsaid ? nil : head.isRGB
        if meaning.isPlanes(head.shape.sampling, isRGB: isRGB) {
            stack = try PlaneStack(head.shape, frames: limit)
            stack!.gatherFootprint()
            for index in 0..<limit {
                let (bytes, range) = coded(index)
                try decoder.append(bytes, range, to: &stack!)
            }
            return
        }
        for index in 0..<limit {
            let (bytes, range) = coded(index)
            var single = try PlaneStack(head.shape, frames: 1)
            try decoder.append(bytes, range, to: &single)
            try append(PixelSamples(single, isRGB: isRGB), meaning, limit, &stack)
        }
    }

    private func decodePictures(
        _ limit: Int, _ stack: inout PlaneStack?,
        by decode: ([UInt8], Range<Int>) throws(Rejection) -> PixelSamples
    ) throws(Rejection) {
        var meaning: PixelMeaning?
        for index in 0..<limit {
            let (bytes, range) = coded(index)
            var samples = try decode(bytes, range)
            if JPEG2000Head(bytes, range)?.isSigned == true { samples.makeSigned() }
            if meaning == nil {
                meaning = try PixelMeaning(dataset, components: samples.planes.count, bits: samples.bits)
            }
            try append(samples, meaning!, limit, &stack)
        }
    }

    private func decodeRunLengths(_ limit: Int, _ stack: inout PlaneStack?) throws(Rejection) {
        let photometric = dataset.text(.photometricInterpretation) ?? ""
        let pixels = try NativePixels(dataset, photometric: photometric, count: 0, said: nil)
        let meaning = try PixelMeaning(dataset, components: pixels.components, bits: pixels.bitsStored)
        for index in 0..<limit {
            let (bytes, range) = coded(index)
            let planes = try decodeRunLength(
                bytes, range, height: height, width: width, components: pixels.components,
                bytesPerSample: pixels.bitsAllocated / 8)
            let samples = PixelSamples(
                height: height, width: width, bits: pixels.bitsStored,
                sampling: pixels.components == 3 ? .full : nil, planes: planes.map { $0.map(pixels.stored) })
            try append(samples, meaning, limit, &stack)
        }
    }

    private func decodeNative(
        _ limit: Int, _ pixels: NativePixels, _ element: Range<Int>, _ stack: inout PlaneStack?
    ) throws(Rejection) {
        let meaning = try PixelMeaning(dataset, components: pixels.components, bits: pixels.bitsStored)
        for index in 0..<limit {
            try append(pixels.samples(dataset.bytes, element, frame: index), meaning, limit, &stack)
        }
    }

    private func append(
        _ samples: PixelSamples, _ meaning: PixelMeaning, _ limit: Int, _ stack: inout PlaneStack?
    ) throws(Rejection) {
        if stack == nil { stack = try PlaneStack(meaning.shape(samples), frames: limit) }
        try meaning.append(samples, to: &stack!)
    }
}
