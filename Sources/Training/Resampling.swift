// Crop, turn, resize and normalise the sampled frames of one clip in a single pass.

package import Foundation

/// Resamples the frames of a clip to the model's image.
///
/// Each pixel of the image is the mean of n×m bilinear samples spread evenly over its area, n and m the factor by which
/// the picture shrinks, rounded up. Shrinking by a whole number is therefore exactly the mean over the area, growing is
/// plain bilinear interpolation, and a turn needs no special case. Outside of the picture is black.
/// The frames are interleaved first, so that the weights of a pixel are found once and serve eight frames at a time.
package struct Resampling: Sendable {
    /// Side of the clip's square frames, side of the model's image, and channels of both.
    package let source: Int, image: Int, channels: Int
    package let normalisation: Normalisation

    package init(source: Int, image: Int, channels: Int, normalisation: Normalisation) {
        precondition(normalisation.mean.count == channels, "one mean a channel")
        self.source = source
        self.image = image
        self.channels = channels
        self.normalisation = normalisation
    }

    /// Frames U8 [source, source, channels] each, seen through `view`, as F32 [frames, channels, image, image],
    /// appended to `pixels`.
    package func append(_ frames: [Data], view: ClipView, to pixels: inout [Float]) {
        let lanes = frames.count * channels
        for first in stride(from: 0, to: lanes, by: 8) {
            let used = min(8, lanes - first)
            let packed = interleave(frames, first: first, used: used)
            let start = pixels.count
            pixels.append(contentsOf: repeatElement(0, count: used * image * image))
            sample(packed, view: view, firstLane: first, used: used, into: &pixels, at: start)
        }
    }
}

extension Resampling {
    /// The frames' lanes, frame-major then channel, eight of them side by side for every source pixel; unused are 0.
    private func interleave(_ frames: [Data], first: Int, used: Int) -> [UInt8] {
        var packed = [UInt8](repeating: 0, count: source * source * 8)
        var out = packed.mutableSpan
        for lane in 0..<used {
            let bytes = frames[(first + lane) / channels].bytes
            precondition(bytes.byteCount == source * source * channels, "a frame fills its shape")
            var from = (first + lane) % channels
            for to in stride(from: lane, to: out.count, by: 8) {
                out[to] = bytes.unsafeLoad(fromByteOffset: from, as: UInt8.self)
                from += channels
            }
        }
        return packed
    }

    /// Writes `used` lanes of the resampled picture as planes [image, image] from `start` on.
    private func sample(
        _ packed: [UInt8], view: ClipView, firstLane: Int, used: Int, into pixels: inout [Float],
        at start: Int
    ) {
        let side = Double(source)
        let rows = max(1, Int((view.height * side / Double(image) - 1e-9).rounded(.up)))
        let columns = max(1, Int((view.width * side / Double(image) - 1e-9).rounded(.up)))
        // One sample to the right and one down, in source pixels.
        let stepX = view.width * side / Double(image * columns)
        let stepY = view.height * side / Double(image * rows)
        let (cosine, sine) = (cos(view.angle), sin(view.angle))

        var scale = SIMD8<Float>.zero
        var shift = SIMD8<Float>.zero
        for lane in 0..<used {
            let channel = (firstLane + lane) % channels
            scale[lane] = 1 / (255 * normalisation.deviation[channel] * Float(rows * columns))
            shift[lane] = -normalisation.mean[channel] / normalisation.deviation[channel]
        }

        let lanes = packed.span.bytes
        var out = pixels.mutableSpan
        for y in 0..<image {
            for x in 0..<image {
                var sum = SIMD8<Float>.zero
                for row in 0..<rows {
                    let v = (Double(y * rows + row) + 0.5) * stepY - view.height * side / 2
                    for column in 0..<columns {
                        let u = (Double(x * columns + column) + 0.5) * stepX - view.width * side / 2
                        let sourceX = view.centreX * side + cosine * u - sine * v - 0.5
                        let sourceY = view.centreY * side + sine * u + cosine * v - 0.5
                        sum += bilinear(lanes, x: sourceX, y: sourceY)
                    }
                }
                let value = sum * scale + shift
                for lane in 0..<used { out[start + (lane * image + y) * image + x] = value[lane] }
            }
        }
    }

    /// All lanes at a point between the centres of four source pixels; the edge pixels reach to the picture's edge.
    @inline(__always)
    private func bilinear(_ lanes: RawSpan, x: Double, y: Double) -> SIMD8<Float> {
        let last = Double(source - 1)
        guard x >= -0.5, y >= -0.5, x <= last + 0.5, y <= last + 0.5 else { return .zero }
        let (x, y) = (min(max(x, 0), last), min(max(y, 0), last))
        let (left, top) = (Int(x), Int(y))
        let (right, bottom) = (min(left + 1, source - 1), min(top + 1, source - 1))
        let (fx, fy) = (Float(x - Double(left)), Float(y - Double(top)))
        @inline(__always) func pixel(_ row: Int, _ column: Int) -> SIMD8<Float> {
            SIMD8<Float>(
                lanes.unsafeLoadUnaligned(
                    fromByteOffset: (row * source + column) * 8, as: SIMD8<UInt8>.self))
        }
        let above = pixel(top, left) * (1 - fx) + pixel(top, right) * fx
        let below = pixel(bottom, left) * (1 - fx) + pixel(bottom, right) * fx
        return above * (1 - fy) + below * fy
    }
}
