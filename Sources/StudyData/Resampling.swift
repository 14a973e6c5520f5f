// Crop, turn, resize and normalise the sampled frames of one clip in a single pass.

private import CKernels
package import Foundation

/// Resamples the frames of a clip to the model's image.
///
/// Each pixel of the image is the mean of n×m bilinear samples spread evenly over its area, n and m the factor by which
/// the picture shrinks, rounded up. Shrinking by a whole number is therefore exactly the mean over the area, growing is
/// plain bilinear interpolation, and a turn needs no special case. Outside of the picture is black.
/// The kernel lays frames side by side first, so that the weights of a sample are found once for eight of them.
package struct Resampling: Sendable {
    /// Side of the clip's square frames, side of the model's image, and channels of both.
    package let source: Int, image: Int, channels: Int
    package let normalisation: Normalisation

    /// Memory of the kernel's, the same from clip to clip.
    package struct Scratch {
        fileprivate var bytes: [UInt8] = []
        package init() {}
    }

    package init(source: Int, image: Int, channels: Int, normalisation: Normalisation) {
        precondition(normalisation.mean.count == channels, "one mean a channel")
        self.source = source
        self.image = image
        self.channels = channels
        self.normalisation = normalisation
    }

    /// Frames U8 [source, source, channels] each, seen through `view`, as F32 [frames, channels, image, image],
    /// appended to `pixels`.
    package func append(
        _ frames: [Data], view: ClipView, to pixels: inout [Float], scratch: inout Scratch
    ) {
        let size = source * source * channels
        precondition(frames.allSatisfy { $0.count == size }, "a frame fills its shape")
        let most = Int(CK_RESAMPLE_LANES)
        let needed = (source + 1) * (source + 1) * most
        if scratch.bytes.count < needed { scratch.bytes = [UInt8](repeating: 0, count: needed) }
        let samples = samples(of: view)
        let scale = normalisation.deviation.map { 1 / (255 * $0 * Float(samples.rows * samples.columns)) }
        let shift = zip(normalisation.mean, normalisation.deviation).map { -$0 / $1 }
        let scales = frames.flatMap { _ in scale }, shifts = frames.flatMap { _ in shift }
        pixels.append(addingCapacity: frames.count * channels * image * image) { span in
            span.withUnsafeMutableBufferPointer { pixels, count in
                withAddresses(of: frames[...], []) { addresses in
                    // A lane is one channel of one frame.
                    let lanes: [Address?] = addresses.flatMap { frame in (0..<channels).map { frame + $0 } }
                    for first in stride(from: 0, to: lanes.count, by: most) {
                        let part = first..<min(first + most, lanes.count)
                        ck_resample(
                            Array(lanes[part]), channels, part.count, source, [samples], &scratch.bytes,
                            pixels.baseAddress! + first * image * image, image, Array(scales[part]),
                            Array(shifts[part]))
                    }
                }
                count += frames.count * channels * image * image
            }
        }
    }

    private typealias Address = UnsafePointer<UInt8>

    /// Where the samples of the image lie in the source.
    private func samples(of view: ClipView) -> ck_view {
        let side = Double(source), width = view.width * side, height = view.height * side
        let rows = max(1, Int((height / Double(image) - 1e-9).rounded(.up)))
        let columns = max(1, Int((width / Double(image) - 1e-9).rounded(.up)))
        // From one sample to the next to the right and below, and from the middle of the view to the first, unturned.
        let across = width / Double(image * columns), down = height / Double(image * rows)
        let (left, above) = ((across - width) / 2, (down - height) / 2)
        let (cosine, sine) = (cos(view.angle), sin(view.angle))
        return ck_view(
            x: view.centreX * side + cosine * left - sine * above - 0.5,
            y: view.centreY * side + sine * left + cosine * above - 0.5,
            across_x: cosine * across, across_y: sine * across, down_x: -sine * down, down_y: cosine * down,
            rows: rows, columns: columns)
    }

    /// Calls `body` with the addresses of all frames, which are mapped files or memory.
    private func withAddresses(
        of frames: ArraySlice<Data>, _ found: [Address], _ body: ([Address]) -> Void
    ) {
        guard let frame = frames.first else { return body(found) }
        frame.withUnsafeBytes { bytes in
            guard let address = bytes.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
            withAddresses(of: frames.dropFirst(), found + [address], body)
        }
    }
}
