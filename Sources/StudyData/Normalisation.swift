// The mean and deviation by which pixels enter the model: measured once on the training split, then part of the model.

import EchoCore

/// Per-channel mean and standard deviation of pixels in 0 ... 1.
package struct Normalisation: Sendable, Equatable, Codable {
    package let mean: [Float], deviation: [Float]

    package init(mean: [Float], deviation: [Float]) {
        precondition(mean.count == deviation.count, "one mean and one deviation a channel")
        self.mean = mean
        self.deviation = deviation
    }

    /// Whether pixels can be normalised by it, wherever it was read from.
    package var isSound: Bool {
        mean.count == deviation.count && (mean + deviation).allSatisfy(\.isFinite)
            && deviation.allSatisfy { $0 > 0 }
    }
}

/// Exact sums of U8 pixels, so that the result does not depend on the order in which frames are added.
package struct PixelSums: Sendable {
    private var counts: [[Int]]

    package init(channels: Int) {
        counts = Array(repeating: Array(repeating: 0, count: 256), count: channels)
    }

    /// Adds the pixels of one frame, U8 [height, width, channels].
    package mutating func add(_ bytes: RawSpan) {
        for channel in counts.indices {
            for at in stride(from: channel, to: bytes.byteCount, by: counts.count) {
                counts[channel][Int(bytes.unsafeLoad(fromByteOffset: at, as: UInt8.self))] += 1
            }
        }
    }

    package mutating func add(_ other: PixelSums) {
        for channel in counts.indices {
            for value in 0..<256 { counts[channel][value] += other.counts[channel][value] }
        }
    }

    /// The normalisation of all pixels added so far; a channel without contrast gets deviation 1.
    package var normalisation: Normalisation {
        var mean: [Float] = []
        var deviation: [Float] = []
        for histogram in counts {
            let count = Double(max(1, histogram.reduce(0, +)))
            var sum = 0.0
            var squares = 0.0
            for (value, times) in histogram.enumerated() {
                sum += Double(value * times)
                squares += Double(value * value * times)
            }
            let average = sum / count
            let variance = squares / count - average * average
            mean.append(Float(average / 255))
            deviation.append(variance > 1e-9 ? Float(variance.squareRoot() / 255) : 1)
        }
        return Normalisation(mean: mean, deviation: deviation)
    }
}
