// One decoded picture before its photometric meaning is applied: numbers by component, whatever the code was.

import EchoCore

/// The samples of a picture.
struct PixelSamples: Sendable {
    let height: Int, width: Int
    /// Bits of a sample, 1 to 16.
    let bits: Int
    /// How the second and third component are subsampled; nil for one component.
    let sampling: ChromaSampling?
    /// One or three planes without gaps.
    private(set) var planes: [[UInt16]]
    /// Whether the code itself says that these are R, G, B; nil where it says nothing.
    var isRGB: Bool?

    init(
        height: Int, width: Int, bits: Int, sampling: ChromaSampling?, planes: [[UInt16]], isRGB: Bool? = nil
    ) {
        self.height = height
        self.width = width
        self.bits = bits
        self.sampling = sampling
        self.planes = planes
        self.isRGB = isRGB
    }

    /// The single frame of `stack`, as decoded by libjpeg.
    init(_ stack: PlaneStack, isRGB: Bool?) {
        let planes = stack.shape.sampling == nil ? [stack.luma] : [stack.luma, stack.cb, stack.cr]
        self.init(
            height: stack.shape.height, width: stack.shape.width, bits: 8, sampling: stack.shape.sampling,
            planes: planes.map { $0.map(UInt16.init) }, isRGB: isRGB)
    }

    /// Takes back the half of the range that was added to signed samples: they are two's complement from here on.
    mutating func makeSigned() {
        let half = UInt16(1) << UInt16(bits - 1)
        planes = planes.map { $0.map { $0 ^ half } }
    }

    /// A sample as 0 to 255: the upper bits of a deep one, and a shallow one over the whole range.
    @inline(__always)
    func byte(_ sample: UInt16) -> UInt8 {
        if bits == 8 { return UInt8(truncatingIfNeeded: sample) }
        if bits > 8 { return UInt8(truncatingIfNeeded: sample >> UInt16(bits - 8)) }
        let top = (UInt16(1) << UInt16(bits)) - 1
        return UInt8((min(sample, top) * 255 + top / 2) / top)
    }

    /// The same of a sample of Cb or Cr, whose middle stays the middle.
    @inline(__always)
    func chromaByte(_ sample: UInt16) -> UInt8 {
        bits >= 8 ? byte(sample) : UInt8(truncatingIfNeeded: sample << UInt16(8 - bits))
    }
}
