// The value of `--probe-grid`: learning rates and weight decays, each pair of which gets a head of its own.

import EchoCore

/// Written as "1e-4,1e-3/0.01,0.1": learning rates, and behind a slash weight decays.
package struct ProbeGrid: Sendable, Equatable, Codable, CustomStringConvertible {
    /// What one head learns by.
    package struct Point: Sendable, Equatable, Codable {
        package let learningRate: Double, weightDecay: Double
    }

    package let learningRates: [Double], weightDecays: [Double]

    /// The heads that there are.
    package var points: [Point] {
        learningRates.flatMap { rate in weightDecays.map { Point(learningRate: rate, weightDecay: $0) } }
    }

    /// Nil for what is none; without a slash the weight decay is the usual one.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        func numbers(_ part: Substring) -> [Double]? {
            let found = part.split(separator: ",", omittingEmptySubsequences: false).map { decimalNumber($0) }
            return found.contains(nil) || Set(found).count < found.count ? nil : found.compactMap(\.self)
        }
        guard (1...2).contains(parts.count), let rates = numbers(parts[0]), rates.allSatisfy({ $0 > 0 }),
            let decays = parts.count == 2 ? numbers(parts[1]) : [Recipe().weightDecay],
            decays.allSatisfy({ $0 >= 0 }), rates.count * decays.count <= 100
        else { return nil }
        (learningRates, weightDecays) = (rates, decays)
    }

    /// As it is read.
    package var description: String {
        [learningRates, weightDecays].map { $0.map { "\($0)" }.joined(separator: ",") }.joined(separator: "/")
    }

    package init(from decoder: any Decoder) throws {
        guard let grid = ProbeGrid(try decoder.singleValueContainer().decode(String.self)) else {
            throw EchoError("probe-grid", "is not learning rates and weight decays")
        }
        self = grid
    }

    package func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(description)
    }
}
