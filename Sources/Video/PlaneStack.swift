// The planes of a clip while it is decoded: they grow by whole frames, in memory that is taken once.

import EchoCore

/// How the frames of a clip are laid out.
struct FrameShape: Equatable, Sendable {
    let height: Int, width: Int
    /// nil for gray frames.
    let sampling: ChromaSampling?

    var chromaSize: Int { sampling.map { $0.rows(height) * $0.columns(width) } ?? 0 }
    var bytes: Int { height * width + 2 * chromaSize }
}

/// Luma and chroma of the frames decoded so far.
struct PlaneStack: Sendable {
    let shape: FrameShape
    private(set) var frames = 0
    var luma: [UInt8] = [], cb: [UInt8] = [], cr: [UInt8] = []
    /// The marks of `Footprint` where the decoder gathers them; empty where it does not.
    var lit: [UInt8] = [], coloured: [UInt8] = []

    /// A picture is at most 16 Mi pixels, a clip at most 2 GiB, of which 1 GiB is asked for before frames are seen.
    static let largestPicture = 1 << 24, largestClip = 2 << 30, largestPromise = 1 << 30

    /// Takes memory for `frames` frames; the system gives it as frames come.
    init(_ shape: FrameShape, frames: Int) throws(Rejection) {
        guard shape.height > 0, shape.width > 0 else {
            throw Rejection(.malformed, "a picture of \(shape.width) × \(shape.height) pixels")
        }
        guard shape.height <= PlaneStack.largestPicture / shape.width else {
            throw Rejection(.tooLarge, "pictures of \(shape.width) × \(shape.height) pixels")
        }
        guard frames <= PlaneStack.largestClip / shape.bytes else {
            throw Rejection(
                .tooLarge,
                "\(grouped(frames)) frames of \(shape.width) × \(shape.height) pixels, more than 2 GiB decoded"
            )
        }
        self.shape = shape
        let frames = min(frames, PlaneStack.largestPromise / shape.bytes)
        luma = FrameMemory.take(frames * shape.height * shape.width)
        cb = FrameMemory.take(frames * shape.chromaSize)
        cr = FrameMemory.take(frames * shape.chromaSize)
    }

    /// Throws `.tooLarge` if no further frame may be appended: for clips whose frames are not counted beforehand.
    func checkRoom() throws(Rejection) {
        guard frames < PlaneStack.largestClip / shape.bytes else {
            throw Rejection(
                .tooLarge,
                "more than \(grouped(frames)) frames of \(shape.width) × \(shape.height) pixels, 2 GiB decoded"
            )
        }
    }

    /// Says, before the first frame, that the decoder of all frames gathers their footprint.
    mutating func gatherFootprint() {
        lit = [UInt8](repeating: 0, count: Footprint.size(rows: shape.height, columns: shape.width))
        guard let sampling = shape.sampling else { return }
        let (rows, columns) = (sampling.rows(shape.height), sampling.columns(shape.width))
        coloured = [UInt8](repeating: 0, count: Footprint.size(rows: rows, columns: columns))
    }

    /// Says that half a frame may have left its marks.
    mutating func forgetFootprint() { (lit, coloured) = ([], []) }

    /// Begins again in the same memory.
    mutating func removeFrames() {
        luma.removeAll(keepingCapacity: true)
        cb.removeAll(keepingCapacity: true)
        cr.removeAll(keepingCapacity: true)
        frames = 0
    }

    /// Counts a frame whose planes were appended.
    mutating func endFrame() {
        frames += 1
        assert(luma.count == frames * shape.height * shape.width && cb.count == frames * shape.chromaSize)
    }

    consuming func clip() -> Clip {
        let chroma = shape.sampling.map { Clip.Chroma(sampling: $0, cb: cb, cr: cr) }
        return Clip(
            frames: frames, height: shape.height, width: shape.width, luma: luma, chroma: chroma,
            footprint: lit.isEmpty ? nil : Footprint(lit: lit, coloured: coloured))
    }
}
