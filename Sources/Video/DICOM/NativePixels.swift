// Native pixel data: how the samples of a frame lie in the element's bytes.

import DICOM
import EchoCore

/// The layout of native frames, as the elements of the image pixel module give it (PS3.3 C.7.6.3).
struct NativePixels: Sendable {
    let height: Int, width: Int, components: Int
    let bitsAllocated: Int, bitsStored: Int, highBit: Int
    /// Whether all samples of a component lie together.
    let isPlanar: Bool
    /// Whether two pixels share one Cb and Cr: Y Y Cb Cr.
    let isHalved: Bool
    let isBigEndian: Bool
    /// Whether bytes of a big-endian value of 16-bit words stand in pairs the wrong way round.
    let swapsBytes: Bool

    /// - Parameters:
    ///   - count: bytes of the element
    ///   - said: NumberOfFrames, if it is a positive number
    /// - Throws: `.malformed` without rows and columns, `.unsupported` for other than 8 or 16 bits, 1 or 3 samples.
    init(_ dataset: DICOMDataset, photometric: String, count: Int, said: Int?) throws(Rejection) {
        height = dataset.integer(.rows) ?? 0
        width = dataset.integer(.columns) ?? 0
        guard height > 0, width > 0 else { throw Rejection(.malformed, "no rows and columns") }
        guard height <= PlaneStack.largestPicture / width else {
            throw Rejection(.tooLarge, "pictures of \(width) × \(height) pixels")
        }
        components = dataset.integer(.samplesPerPixel) ?? 1
        bitsAllocated = dataset.integer(.bitsAllocated) ?? 8
        guard components == 1 || components == 3 else {
            throw Rejection(.unsupported, "\(components) samples a pixel")
        }
        guard bitsAllocated == 8 || bitsAllocated == 16 else {
            throw Rejection(.unsupported, "\(bitsAllocated) bits a sample")
        }
        let stored = dataset.integer(.bitsStored) ?? bitsAllocated
        bitsStored = (1...bitsAllocated).contains(stored) ? stored : bitsAllocated
        let high = dataset.integer(.highBit) ?? bitsStored - 1
        highBit = (bitsStored - 1..<bitsAllocated).contains(high) ? high : bitsStored - 1
        isPlanar = components == 3 && dataset.integer(.planarConfiguration) == 1
        // Some writers say 422 and write full chroma, or the other way: then the length tells.
        func fits(_ frame: Int) -> Bool { count / frame == said ?? 1 && count % frame < 2 }
        let isFull = fits(height * width * 3), isHalf = fits(height * ((width + 1) / 2) * 4)
        isHalved =
            components == 3 && bitsAllocated == 8 && !isFull && (photometric == "YBR_FULL_422" || isHalf)
        let encoding = dataset.encoding(.pixelData)
        isBigEndian = encoding?.isBigEndian ?? false
        swapsBytes = bitsAllocated == 8 && isBigEndian && encoding?.vr == .OW
    }

    /// Bytes of one frame.
    var frameBytes: Int {
        isHalved ? height * ((width + 1) / 2) * 4 : height * width * components * (bitsAllocated / 8)
    }

    /// The bits of a sample that hold its value, without overlays in the others.
    func stored(_ sample: UInt16) -> UInt16 {
        sample >> UInt16(highBit + 1 - bitsStored) & UInt16(truncatingIfNeeded: (1 << bitsStored) - 1)
    }

    /// The frame that begins at `start`, whole; pairs of bytes are counted from `origin`.
    func samples(_ bytes: [UInt8], at start: Int, origin: Int) -> PixelSamples {
        let flip = swapsBytes ? 1 : 0
        func byte(_ index: Int) -> UInt16 { UInt16(bytes[origin + (start - origin + index ^ flip)]) }
        func sample(_ index: Int) -> UInt16 {
            guard bitsAllocated == 16 else { return stored(byte(index)) }
            let at = start + 2 * index
            let (a, b) = (UInt16(bytes[at]), UInt16(bytes[at + 1]))
            return stored(isBigEndian ? a << 8 | b : b << 8 | a)
        }
        if isHalved {
            let pairs = (width + 1) / 2
            let luma = (0..<height * width).map { index in
                let (row, column) = (index / width, index % width)
                return byte((row * pairs + column / 2) * 4 + column % 2)
            }
            let chroma = (2...3).map { place in (0..<height * pairs).map { byte($0 * 4 + place) } }
            return PixelSamples(
                height: height, width: width, bits: bitsStored, sampling: .half, planes: [luma] + chroma)
        }
        let size = height * width
        let planes = (0..<components).map { component in
            isPlanar
                ? (0..<size).map { sample(component * size + $0) }
                : (0..<size).map { sample($0 * components + component) }
        }
        return PixelSamples(
            height: height, width: width, bits: bitsStored, sampling: components == 3 ? .full : nil,
            planes: planes)
    }
}
