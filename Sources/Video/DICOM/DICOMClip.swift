// A clip in a DICOM file: what its elements say, and its frames in whatever code they are.

import DICOM
import EchoCore

/// The frames of a DICOM file that are pictures one by one.
struct DICOMClip: ClipSource {
    let header: ClipHeader
    private let frames: DICOMFrames
    /// Where the pixel data element is cut or broken, and whether it holds fewer frames than its file says.
    private let cut: Rejection?, missing: Rejection?

    static func matches(_ bytes: [UInt8]) -> Bool { DICOMFile.looksLikeDICOM(bytes) }

    /// Opens a DICOM file: its pictures, or the video stream that it wraps.
    ///
    /// - Throws: where its pixels cannot be read because they are none of a picture, what the object is.
    static func open(_ bytes: [UInt8]) throws(Rejection) -> any ClipSource {
        let file = try DICOMFile(bytes: bytes)
        do throws(Rejection) {
            return try openPixels(file)
        } catch {
            switch ObjectKind(file) {
            case .volume: throw Rejection(.threeD, "an ultrasound volume without a picture that can be read")
            case .other: throw Rejection.notUltrasound
            case .ultrasound, .unsaid: throw error
            }
        }
    }

    private static func openPixels(_ file: DICOMFile) throws(Rejection) -> any ClipSource {
        guard let pixels = file.pixelData else { throw Rejection(.noPixels, "no pixel data element") }
        let dataset = file.dataset
        let said = dataset.integer(.numberOfFrames).flatMap { $0 > 0 ? $0 : nil }
        switch pixels.layout {
        case .native(let element):
            // Coded pixels in an element of defined length are wrong, and are told by their first bytes.
            let isCoded =
                file.transferSyntax.isEncapsulated
                && PixelData.Code(beginningOf: dataset.bytes[element]) != nil
            guard !isCoded else { return try open(file, pixels, [element], said: said) }
            guard !element.isEmpty else {
                throw pixels.shortfall ?? Rejection(.noPixels, "no bytes of pixels")
            }
            let frames = try DICOMFrames(dataset, native: element, said: said)
            return DICOMClip(file, frames, pixels, said: said)
        case .fragments(let fragments):
            return try open(file, pixels, fragments, said: said)
        }
    }

    private static func open(
        _ file: DICOMFile, _ pixels: PixelData, _ fragments: [Range<Int>], said: Int?
    ) throws(Rejection) -> any ClipSource {
        let dataset = file.dataset
        guard fragments.contains(where: { !$0.isEmpty }) else {
            throw pixels.shortfall ?? Rejection(.noPixels, "no fragment with pixels")
        }
        let places = PixelData.frames(of: fragments, in: dataset.bytes, counted: said)
        if let frames = try DICOMFrames(dataset, coded: places) {
            return DICOMClip(file, frames, pixels, said: said)
        }
        let syntax = file.transferSyntax
        let native =
            syntax.isVideo
            ? nil
            : try DICOMFrames(dataset, nativeFragments: fragments, said: said, isSaid: syntax.isNative)
        if let native { return DICOMClip(file, native, pixels, said: said) }
        guard syntax.isVideo else {
            throw syntax.isKnownPicture
                ? Rejection(.undecodable, "no frame begins as its transfer syntax says")
                : Rejection(.unsupported, "pixels of an unknown transfer syntax")
        }
        let stream = fragments.reduce(into: [UInt8]()) { $0 += dataset.bytes[$1] }
        return try StreamClip(stream, container: "dicom", formats: StreamClip.dicomFormats, said: said) {
            clipHeader(
                file, frames: $0.frames, height: $0.height, width: $0.width, times: $1, flags: $0.flags)
        }
    }

    private init(_ file: DICOMFile, _ frames: DICOMFrames, _ pixels: PixelData, said: Int?) {
        self.frames = frames
        header = clipHeader(file, frames: frames.count, height: frames.height, width: frames.width)
        cut = pixels.shortfall
        missing = said.flatMap { said in
            frames.count < said
                ? Rejection(.truncated, "\(frames.count) frames of the \(said) that NumberOfFrames says")
                : nil
        }
    }

    var shortfall: Rejection? { cut ?? missing }

    func decode(maxFrames: Int?) throws(Rejection) -> DecodedClip {
        let limit = min(frames.count, maxFrames ?? .max)
        do throws(Rejection) {
            let (stack, flags, fault) = try frames.decode(limit)
            // A last frame that fails because the file ends within it is said to be cut, not broken.
            let isAll = limit == frames.count
            let shortfall =
                (isAll && stack.frames >= limit - 1 ? cut : nil) ?? fault ?? (isAll ? missing : nil)
            return DecodedClip(header: header, clip: stack.clip(), shortfall: shortfall, flags: flags)
        } catch {
            throw frames.count == 1 ? cut ?? error : error
        }
    }
}

/// What the elements of `file` say of its clip. Text is only repeated where it is a code of a closed list, or a UID.
///
/// - Parameters:
///   - times: what the stream that the file wraps says of times; the elements go before it
///   - flags: of that stream
private func clipHeader(
    _ file: DICOMFile, frames: Int, height: Int, width: Int,
    times: FrameTimes = FrameTimes(framesPerSecond: nil), flags: [String] = []
) -> ClipHeader {
    let dataset = file.dataset
    let times = dataset.frameTimes(frames) ?? times
    var flags = flags
    if file.brokenElements > 0 { flags.append("broken-elements") }
    if dataset.hasUnusableVector(frames) { flags.append("times-unusable") }
    return ClipHeader(
        container: "dicom", codec: uid(file.transferSyntax.uid) ?? "unknown",
        photometric: dataset.text(.photometricInterpretation).map {
            photometricInterpretations.contains($0) ? $0 : "other"
        },
        frames: frames, height: height, width: width, framesPerSecond: times.framesPerSecond,
        frameTimes: times.uneven, regions: dataset.regions,
        imageTypeFlags: dataset.imageTypeFlags,
        colourDataPresent: dataset.integer(.ultrasoundColorDataPresent),
        object: ObjectKind(file), flags: flags,
        sopInstanceUID: dataset.text(.sopInstance).flatMap(uid))
}

/// All that DICOM has (PS3.3 C.7.6.3.1.2, and those that it had before); what else may stand there is anybody's text.
private let photometricInterpretations: Set = [
    "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "HSV", "ARGB", "CMYK", "YBR_FULL", "YBR_FULL_422",
    "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT", "XYB",
]

/// A UID, nil for text that cannot be one.
private func uid(_ text: String) -> String? {
    let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
    return isPlain && !text.isEmpty && text.utf8.count <= 64 ? text : nil
}

extension DICOMDataset {
    /// The regions that are complete enough to say something.
    fileprivate var regions: [UltrasoundRegion] {
        items(.ultrasoundRegions).compactMap { item in
            guard let format = item.integer(.regionSpatialFormat), let type = item.integer(.regionDataType)
            else {
                return nil
            }
            func corner(_ tag: DICOMTag) -> Int { Int(Int32(clamping: item.integer(tag) ?? 0)) }
            return UltrasoundRegion(
                spatialFormat: format, dataType: type, minX: corner(.regionMinX), minY: corner(.regionMinY),
                maxX: corner(.regionMaxX), maxY: corner(.regionMaxY))
        }
    }

    fileprivate var imageTypeFlags: UInt32? {
        let values = texts(.imageType)
        return values.count > 3 ? UInt32(values[3], radix: 16) : nil
    }
}
