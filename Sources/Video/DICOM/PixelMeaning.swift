// What samples mean (PS3.3 C.7.6.3.1.2): turns gray, RGB, YBR and palette samples into the planes of a clip.

import DICOM
import EchoCore

/// The photometric interpretation of a DICOM file's samples.
struct PixelMeaning: Sendable {
    private enum Kind: Sendable {
        case gray
        case rgb
        case yCbCr
        case palette(Palette)
    }

    private let kind: Kind
    private let isInverted: Bool
    private let bits: Int
    /// For gray samples of more than 8 bits: the window's output for each stored value.
    private let window: [UInt8]?

    /// - Parameters:
    ///   - bits: of a sample as stored.
    ///   - isJPEG: whether the code tells its colours itself, so that a tag that means nothing does no harm.
    /// - Throws: `.unsupported` for other interpretations, and for gray of more than 8 bits without a window.
    init(_ dataset: DICOMDataset, components: Int, bits: Int, isJPEG: Bool = false) throws(Rejection) {
        let name = dataset.text(.photometricInterpretation) ?? (components == 1 ? "MONOCHROME2" : "YBR_FULL")
        var window: [UInt8]?
        switch name {
        case "MONOCHROME1", "MONOCHROME2":
            kind = .gray
            if bits > 8 { window = try PixelMeaning.window(dataset, bits: bits) }
        // What JPEG 2000's own transforms made is undone by its decoder.
        case "RGB", "YBR_RCT", "YBR_ICT": kind = .rgb
        case "YBR_FULL", "YBR_FULL_422": kind = .yCbCr
        case "PALETTE COLOR": kind = .palette(try Palette(dataset))
        default:
            guard isJPEG else { throw Rejection(.unsupported, "an unknown photometric interpretation") }
            kind = .yCbCr
        }
        isInverted = name == "MONOCHROME1"
        self.bits = bits
        self.window = window
    }

    /// The shape that frames like `samples` have in the clip.
    func shape(_ samples: PixelSamples) -> FrameShape {
        let sampling: ChromaSampling? =
            switch kind {
            case .palette: .full
            default: samples.sampling
            }
        return FrameShape(height: samples.height, width: samples.width, sampling: sampling)
    }

    /// Whether decoded planes are the clip's planes as they are.
    func isPlanes(_ sampling: ChromaSampling?, isRGB said: Bool?) -> Bool {
        guard sampling == nil else { return !isRGB(sampling, said) }
        if case .palette = kind { return false }
        return !isInverted
    }

    /// Appends one frame.
    /// - Throws: `.undecodable` if it has not the stack's shape, or more bits than the first.
    func append(_ samples: PixelSamples, to stack: inout PlaneStack) throws(Rejection) {
        guard shape(samples) == stack.shape, samples.bits == bits else {
            let words = "\(samples.width) × \(samples.height) of \(samples.bits) bits"
            throw Rejection(.undecodable, "a picture of another kind: \(words)")
        }
        if samples.planes.count == 1 {
            let plane = samples.planes[0]
            if case .palette(let palette) = kind {
                stack.appendRGB { palette.colour(of: plane[$0]) }
            } else if let window {
                stack.luma.append(contentsOf: plane.lazy.map { window[min(Int($0), window.count - 1)] })
            } else {
                let shift = UInt16(max(0, samples.bits - 8))
                let top = UInt16(truncatingIfNeeded: (1 << min(samples.bits, 8)) - 1)
                let flip = isInverted ? top : 0
                stack.luma.append(
                    contentsOf: plane.lazy.map { UInt8(truncatingIfNeeded: $0 >> shift ^ flip) })
            }
        } else {
            let shift = UInt16(max(0, samples.bits - 8))
            let (a, b, c) = (samples.planes[0], samples.planes[1], samples.planes[2])
            if isRGB(samples.sampling, samples.isRGB) {
                stack.appendRGB { (Int32(a[$0] >> shift), Int32(b[$0] >> shift), Int32(c[$0] >> shift)) }
            } else {
                func byte(_ sample: UInt16) -> UInt8 { UInt8(truncatingIfNeeded: sample >> shift) }
                stack.luma.append(contentsOf: a.lazy.map(byte))
                stack.cb.append(contentsOf: b.lazy.map(byte))
                stack.cr.append(contentsOf: c.lazy.map(byte))
            }
        }
        stack.endFrame()
    }

    /// Markers in the code count, then the tag; subsampled planes are never R, G, B.
    private func isRGB(_ sampling: ChromaSampling?, _ said: Bool?) -> Bool {
        guard sampling == .full else { return false }
        if let said { return said }
        if case .rgb = kind { return true }
        return false
    }

    /// The VOI window's linear function after the rescale slope and intercept (PS3.3 C.11.2.1.2.1).
    private static func window(_ dataset: DICOMDataset, bits: Int) throws(Rejection) -> [UInt8] {
        guard let centre = dataset.number(.windowCenter), let width = dataset.number(.windowWidth), width >= 1
        else {
            throw Rejection(.unsupported, "gray samples of \(bits) bits without a window")
        }
        let slope = dataset.number(.rescaleSlope) ?? 1
        let intercept = dataset.number(.rescaleIntercept) ?? 0
        let isSigned = dataset.integer(.pixelRepresentation) == 1
        let isInverted = dataset.text(.photometricInterpretation) == "MONOCHROME1"
        return (0..<1 << bits).map { stored in
            let value = isSigned && stored >> (bits - 1) == 1 ? stored - 1 << bits : stored
            let x = Double(value) * slope + intercept
            let y = ((x - (centre - 0.5)) / max(width - 1, 0x1p-20) + 0.5) * 255
            let level = UInt8(min(max(y, 0), 255).rounded())
            return isInverted ? 255 - level : level
        }
    }
}

extension PlaneStack {
    /// Appends the pixels of one frame, given as R, G, B of 0 to 255, by JPEG's matrix in libjpeg's fixed point.
    mutating func appendRGB(_ pixel: (Int) -> (Int32, Int32, Int32)) {
        let size = shape.height * shape.width
        luma.append(addingCapacity: size) { y in
            cb.append(addingCapacity: size) { cb in
                cr.append(addingCapacity: size) { cr in
                    for index in 0..<size {
                        let (r, g, b) = pixel(index)
                        let centre: Int32 = 128 << 16 + 32767
                        y.append(UInt8(truncatingIfNeeded: (19595 * r + 38470 * g + 7471 * b + 32768) >> 16))
                        cb.append(
                            UInt8(truncatingIfNeeded: (32768 * b - 11059 * r - 21709 * g + centre) >> 16))
                        cr.append(
                            UInt8(truncatingIfNeeded: (32768 * r - 27439 * g - 5329 * b + centre) >> 16))
                    }
                }
            }
        }
    }
}
