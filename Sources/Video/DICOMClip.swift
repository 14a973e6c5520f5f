// A clip in a DICOM file: what its elements say, and its frames in whatever code they are.

import DICOM
import EchoCore

/// The frames of a DICOM file.
struct DICOMClip: ClipSource {
    let header: ClipHeader
    private let file: DICOMFile
    private let frames: [[Range<Int>]]
    /// What is missing before anything is decoded.
    private let shortfall: Rejection?

    static func matches(_ bytes: [UInt8]) -> Bool { DICOMFile.looksLikeDICOM(bytes) }

    init(_ bytes: [UInt8]) throws(Rejection) {
        let file = try DICOMFile(bytes: bytes)
        guard let pixels = file.pixelData else { throw Rejection(.noPixels, "no pixel data element") }
        let dataset = file.dataset
        let said = dataset.integer(.numberOfFrames).flatMap { $0 > 0 ? $0 : nil }
        guard case .fragments(let fragments) = pixels.layout else {
            throw Rejection(.unsupported, "native pixel data")
        }
        let frames = PixelData.frames(of: fragments, in: dataset.bytes, counted: said)
        guard let first = frames.first else { throw Rejection(.noPixels, "pixel data without a fragment") }
        let decoder = try LibJPEGDecoder()
        let shape = try decoder.head(dataset.bytes, first[0]).shape
        self.file = file
        self.frames = frames
        if let said, frames.count < said {
            shortfall =
                pixels.shortfall
                ?? Rejection(.truncated, "\(frames.count) frames of the \(said) that the tag counts")
        } else {
            shortfall = pixels.shortfall
        }
        header = ClipHeader(
            container: "dicom", codec: file.transferSyntax.uid,
            photometric: dataset.text(.photometricInterpretation), frames: frames.count, height: shape.height,
            width: shape.width, framesPerSecond: dataset.framesPerSecond, regions: dataset.regions,
            imageTypeFlags: dataset.imageTypeFlags, sopInstanceUID: dataset.text(.sopInstance))
    }

    func decode(maxFrames: Int?) throws(Rejection) -> DecodedClip {
        let count = min(frames.count, maxFrames ?? .max)
        let bytes = file.dataset.bytes
        let decoder = try LibJPEGDecoder()
        var stack = try PlaneStack(try decoder.head(bytes, frames[0][0]).shape, frames: count)
        var shortfall = count < frames.count ? nil : shortfall
        for index in 0..<count {
            do throws(Rejection) {
                let ranges = frames[index]
                if ranges.count == 1 {
                    try decoder.append(bytes, ranges[0], to: &stack)
                } else {
                    let joined = ranges.reduce(into: [UInt8]()) { $0 += bytes[$1] }
                    try decoder.append(joined, joined.indices, to: &stack)
                }
            } catch {
                guard index > 0 else { throw error }
                shortfall = Rejection(error.reason, "frame \(index + 1) of \(frames.count): \(error.detail)")
                break
            }
        }
        return DecodedClip(header: header, clip: stack.clip(), shortfall: shortfall)
    }
}

extension DICOMDataset {
    /// Frames a second from FrameTime (ms), the mean step of FrameTimeVector, or the cine rate.
    var framesPerSecond: Double? {
        if let time = number(.frameTime), time > 0 { return 1000 / time }
        let steps = numbers(.frameTimeVector).dropFirst()
        let sum = steps.reduce(0, +)
        if sum > 0 { return 1000 * Double(steps.count) / sum }
        if let rate = number(.cineRate), rate > 0 { return rate }
        return nil
    }

    /// The regions that are complete enough to say something.
    var regions: [UltrasoundRegion] {
        items(.ultrasoundRegions).compactMap { item in
            guard let format = item.integer(.regionSpatialFormat), let type = item.integer(.regionDataType)
            else {
                return nil
            }
            func corner(_ tag: DICOMTag) -> Int { item.integer(tag) ?? 0 }
            return UltrasoundRegion(
                spatialFormat: format, dataType: type, minX: corner(.regionMinX), minY: corner(.regionMinY),
                maxX: corner(.regionMaxX), maxY: corner(.regionMaxY))
        }
    }

    var imageTypeFlags: UInt32? {
        let values = texts(.imageType)
        return values.count > 3 ? UInt32(values[3], radix: 16) : nil
    }
}
