// What samples mean (PS3.3 C.7.6.3.1.2): turns gray, RGB, YBR and palette samples into the planes of a clip.

import DICOM
import EchoCore

/// The photometric interpretation of a DICOM file's samples.
struct PixelMeaning: Sendable {
    private enum Kind: Sendable {
        case gray
        /// Three components, and whether the tag says that they are R, G, B.
        case colour(saysRGB: Bool?)
        case palette(Palette)
    }

    private let kind: Kind
    private let isInverted: Bool
    private let bits: Int, components: Int
    /// For gray samples of more than 8 bits: the window's output for each stored value.
    private let window: [UInt8]?
    /// Whether three components are R, G, B, once that is settled.
    private var isRGB = false
    /// Words for what is read otherwise than the tag says.
    private(set) var flags: [String] = []

    /// - Parameters:
    ///   - bits: of a sample as stored.
    ///   - isJPEG: whether the code tells its colours itself, so that a tag that means nothing does no harm.
    /// - Throws: `.unsupported` for other interpretations, and for gray of more than 8 bits without a window.
    init(_ dataset: DICOMDataset, components: Int, bits: Int, isJPEG: Bool = false) throws(Rejection) {
        let name = dataset.text(.photometricInterpretation) ?? (components == 1 ? "MONOCHROME2" : "YBR_FULL")
        var window: [UInt8]?
        switch name {
        case "PALETTE COLOR" where components == 1: kind = .palette(try Palette(dataset))
        // What JPEG 2000's own transforms made is undone by its decoder.
        case "RGB", "YBR_RCT", "YBR_ICT": kind = components == 1 ? .gray : .colour(saysRGB: true)
        case "YBR_FULL", "YBR_FULL_422": kind = components == 1 ? .gray : .colour(saysRGB: false)
        case "MONOCHROME1", "MONOCHROME2": kind = components == 1 ? .gray : .colour(saysRGB: nil)
        default:
            guard isJPEG else { throw Rejection(.unsupported, "an unknown photometric interpretation") }
            kind = components == 1 ? .gray : .colour(saysRGB: nil)
        }
        if case .gray = kind, bits > 8 { window = try PixelMeaning.window(dataset, bits: bits) }
        isInverted = name == "MONOCHROME1" && components == 1
        self.bits = bits
        self.components = components
        self.window = window
    }

    /// Settles by a clip's first frame whether three components are R, G, B (docs/formats.md, "Colour").
    ///
    /// What the code itself says counts, then the pixels, then the tag.
    mutating func settle(by first: PixelSamples) {
        guard case .colour(let saysRGB) = kind, first.sampling == .full, first.isRGB == nil else {
            return settle(first.sampling, isRGB: first.isRGB)
        }
        settle(.full, isRGB: NeutralPixels(of: first).isRGB(unless: saysRGB ?? false))
    }

    /// The same where no pixels are asked: subsampled planes are never R, G, B.
    mutating func settle(_ sampling: ChromaSampling?, isRGB said: Bool?) {
        guard case .colour(let saysRGB) = kind else { return }
        isRGB = sampling == .full && (said ?? saysRGB ?? false)
        if let saysRGB, saysRGB != isRGB { flags = ["colour-corrected"] }
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

    /// Whether decoded planes of 8 bits are the clip's planes as they are.
    var isPlanes: Bool {
        switch kind {
        case .gray: !isInverted
        case .colour: !isRGB
        case .palette: false
        }
    }

    /// Appends one frame.
    /// - Throws: `.undecodable` if it has not the stack's shape, or more bits than the first.
    func append(_ samples: PixelSamples, to stack: inout PlaneStack) throws(Rejection) {
        guard shape(samples) == stack.shape, samples.bits == bits, samples.planes.count == components else {
            let words = "\(samples.width) × \(samples.height) of \(samples.bits) bits"
            throw Rejection(.undecodable, "a picture of another kind: \(words)")
        }
        switch kind {
        case .palette(let palette):
            let plane = samples.planes[0]
            stack.appendRGB { palette.colour(of: plane[$0]) }
        case .gray:
            let plane = samples.planes[0]
            if let window {
                stack.luma.append(contentsOf: plane.lazy.map { window[min(Int($0), window.count - 1)] })
            } else {
                let flip: UInt8 = isInverted ? 255 : 0
                stack.luma.append(contentsOf: plane.lazy.map { samples.byte($0) ^ flip })
            }
        case .colour:
            let (a, b, c) = (samples.planes[0], samples.planes[1], samples.planes[2])
            if isRGB {
                stack.appendRGB {
                    (Int32(samples.byte(a[$0])), Int32(samples.byte(b[$0])), Int32(samples.byte(c[$0])))
                }
            } else {
                stack.luma.append(contentsOf: a.lazy.map(samples.byte))
                stack.cb.append(contentsOf: b.lazy.map(samples.chromaByte))
                stack.cr.append(contentsOf: c.lazy.map(samples.chromaByte))
            }
        }
        stack.endFrame()
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
