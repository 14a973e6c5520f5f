// Writes the frames of shards as video files for other programs: without loss, or smaller, with what that costs.

package import EchoCore
package import Foundation

/// How frames are coded in a video file.
package enum VideoCode: String, Sendable, CaseIterable {
    /// H.264 in MP4, with loss.
    case h264
    /// H.264 in MP4 without loss: profile High 4:4:4 Predictive, which libav decodes and many players do not.
    case h264Lossless = "h264-lossless"
    /// FFV1 in Matroska, without loss; MP4 has no place for it.
    case ffv1

    package var isLossless: Bool { self != .h264 }
    package var fileExtension: String { self == .ffv1 ? "mkv" : "mp4" }
    fileprivate var container: String { self == .ffv1 ? "matroska" : "mp4" }
}

/// Frames U8 [height, width, channels] of one clip, one channel or R, G, B.
package struct FrameEncoder: Sendable {
    package let code: VideoCode
    /// Of lossy H.264, as x264 counts: 0 is best, 51 worst.
    package let quality: Int

    package init(_ code: VideoCode, quality: Int = 18) {
        self.code = code
        self.quality = quality
    }

    /// Ticks in which times of frames are told.
    private static let ticks = 1_000_000

    /// A file with all frames; the same frames give the same bytes.
    ///
    /// H.264 holds one channel as full-range Y with Cb and Cr of 128, FFV1 as gray; three channels are coded as R, G, B.
    /// - Parameters:
    ///   - times: seconds of each frame from the first
    ///   - framesPerSecond: as a rule
    /// - Throws: where this libav lacks the encoder, or H.264 is to take one channel of odd sides
    package func encode(
        _ frames: [Data], height: Int, width: Int, channels: Int, times: [Double], framesPerSecond: Double
    ) throws(EchoError) -> [UInt8] {
        precondition(frames.count == times.count, "every frame has its time")
        let isGray = channels == 1, isH264 = code != .ffv1
        if isH264, isGray, height % 2 != 0 || width % 2 != 0 {
            throw EchoError(
                "--size", "is odd, which H.264 does not take", try: "an even one, or --codec ffv1")
        }
        let options =
            switch code {
            // Without B-frames pictures are shown in the order in which they are coded, and no reader needs an edit list.
            case .h264: "crf=\(quality):preset=medium:bf=0"
            case .h264Lossless: "qp=0:preset=medium:bf=0"
            case .ffv1: "level=3:slices=4:slicecrc=1:g=1"
            }
        let output = LibAVOutput(
            container: code.container, codec: isH264 ? isGray ? "libx264" : "libx264rgb" : "ffv1",
            shape: FrameShape(height: height, width: width, sampling: .quarter),
            samples: isGray ? isH264 ? .planes : .gray : .rgb, isFullRange: true,
            ticksPerSecond: Self.ticks,
            ticksPerPicture: max(1, Int((Double(Self.ticks) / framesPerSecond).rounded())), options: options)
        let neutral = [UInt8](repeating: 128, count: ((height + 1) / 2) * ((width + 1) / 2))[...]
        return try output.encode(frames: frames.count) { index in
            let picture = ArraySlice(frames[index])
            let tick = Int((times[index] * Double(Self.ticks)).rounded())
            return (isGray && isH264 ? [picture, neutral, neutral] : [picture], tick)
        }
    }

    /// The peak signal-to-noise ratio of a file's samples against the frames that it was made of, in decibels, over the
    /// whole clip; infinite where they are the same.
    ///
    /// - Throws: `EchoError` where the file does not hold as many frames
    package func noise(of file: [UInt8], against frames: [Data], channels: Int) throws(EchoError) -> Double {
        var error = 0.0, count = 0, seen = 0
        do throws(Rejection) {
            try LibAVStream.open(file, formats: "mov,mp4,matroska,webm") { stream throws(Rejection) in
                while let samples = try stream.nextSamples(), seen < frames.count {
                    let frame = [UInt8](frames[seen])
                    seen += 1
                    for channel in 0..<channels {
                        let plane = samples.planes[channel]
                        for place in plane.indices {
                            let difference = Double(plane[place]) - Double(frame[place * channels + channel])
                            error += difference * difference
                        }
                        count += plane.count
                    }
                }
            }
        } catch {
            throw EchoError("a video", "cannot be read again: \(error.detail)")
        }
        guard seen == frames.count, count > 0 else { throw EchoError("a video", "has lost frames") }
        return error == 0 ? .infinity : 10 * log10(255 * 255 * Double(count) / error)
    }
}
