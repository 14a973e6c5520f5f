// A clip on its way out: its frames as stored, or smaller, or at another rate, with the time of each.

import Crop
import EchoCore
import Foundation
import Shards

/// How frames are changed before they leave; nothing is, unless it is asked for.
package struct ClipChanges: Sendable, Codable, Equatable {
    /// Rows and columns.
    package var size: Int?
    package var framesPerSecond: Double?

    package init(size: Int? = nil, framesPerSecond: Double? = nil) {
        self.size = size
        self.framesPerSecond = framesPerSecond
    }
}

/// The frames of a clip, U8 [height, width] or [height, width, 3] each.
struct LeavingClip: Sendable {
    let frames: [[UInt8]]
    let height: Int, width: Int, channels: Int
    let layout: PixelLayout
    /// nil where nothing is known of time; then `times` go by the usual rate.
    let framesPerSecond: Double?
    /// Seconds from the first frame.
    let times: [Double]
    /// Places of the frames in the stored clip.
    let places: [Int]

    /// What is taken where nothing is known.
    static let usualRate = 30.0

    var shape: [Int] { [frames.count, height, width] + (channels > 1 ? [channels] : []) }

    /// - Parameters:
    ///   - milliseconds: of each stored frame from the first, where steps differ
    init(
        _ stored: ClipFrames, layout: PixelLayout, framesPerSecond rate: Double?, milliseconds: [Double]?,
        _ changes: ClipChanges
    ) throws(EchoError) {
        // What no machine films in is not known.
        let known = rate.flatMap { 0.01...100_000 ~= $0 ? $0 : nil }
        let step = 1 / (known ?? Self.usualRate)
        let uneven = milliseconds.flatMap { times in
            times.count == stored.count && times.allSatisfy { 0...1e8 ~= $0 } ? times : nil
        }
        let seconds = uneven?.map { $0 / 1000 } ?? (0..<stored.count).map { Double($0) * step }
        // Of a clip whose rate is not known the frames stay as they are.
        if let wanted = changes.framesPerSecond, known != nil {
            let bytes = (seconds.last ?? 0) * wanted * Double(stored.height * stored.width * stored.channels)
            guard bytes < 0x1p31 else {
                throw EchoError(
                    "--fps", "a clip would have more than 2 GiB of frames", try: "fewer frames a second")
            }
            (places, times) = Self.sampled(seconds, at: wanted)
            framesPerSecond = wanted
        } else {
            places = Array(0..<stored.count)
            times = seconds
            framesPerSecond = known
        }
        channels = stored.channels
        self.layout = layout
        let isSame = changes.size == nil || changes.size == stored.height && changes.size == stored.width
        let side = isSame ? nil : changes.size
        height = side ?? stored.height
        width = side ?? stored.width
        var frames: [[UInt8]] = []
        for place in places { frames.append([UInt8](try stored.frame(place))) }
        if let side {
            var resizer = CubicResizer(height: stored.height, width: stored.width, size: side)
            for index in frames.indices {
                frames[index] = Self.resized(frames[index], channels: stored.channels, &resizer)
            }
        }
        self.frames = frames
    }

    /// For each step of the wanted rate, from the first frame to the last, the frame that is nearest in time, the earlier of
    /// two.
    static func sampled(_ seconds: [Double], at rate: Double) -> (places: [Int], times: [Double]) {
        let count = Int((seconds[seconds.count - 1] * rate + 1e-6).rounded(.down)) + 1
        var place = 0
        let places = (0..<count).map { step -> Int in
            let time = Double(step) / rate
            while place + 1 < seconds.count,
                abs(seconds[place + 1] - time) < abs(seconds[place] - time) - 1e-9
            {
                place += 1
            }
            return place
        }
        return (places, (0..<count).map { Double($0) / rate })
    }

    private static func resized(_ frame: [UInt8], channels: Int, _ resizer: inout CubicResizer) -> [UInt8] {
        let size = resizer.size
        var target = [UInt8](repeating: 0, count: size * size * channels)
        for channel in 0..<channels {
            let plane =
                channels == 1 ? frame : stride(from: channel, to: frame.count, by: channels).map { frame[$0] }
            resizer.resize(plane.span, into: &target, at: channel, stride: channels)
        }
        return target
    }
}
