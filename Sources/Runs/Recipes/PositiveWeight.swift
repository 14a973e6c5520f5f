// How much a positive study counts where most studies are negative.

import EchoCore
package import StudyData

/// The weight of positive targets in the cross-entropy (`--pos-weight`).
package enum PositiveWeight: Sendable, Equatable, CustomStringConvertible, Codable {
    /// As much as a negative one.
    case none
    /// For each target, as often as there are more negative than positive studies in the training split.
    case balanced
    /// The same for all targets.
    case constant(Double)

    /// "none", "balanced" or a positive number.
    package init?(_ text: String) {
        switch text {
        case "none": self = .none
        case "balanced": self = .balanced
        default:
            guard let number = Double(text), number > 0, number <= 1e9 else { return nil }
            self = .constant(number)
        }
    }

    /// As it is read.
    package var description: String {
        switch self {
        case .none: "none"
        case .balanced: "balanced"
        case .constant(let weight): "\(weight)"
        }
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let weight = PositiveWeight(text) else {
            throw EchoError("pos-weight", "is neither none nor balanced nor a positive number")
        }
        self = weight
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// One weight a target; nil where all are 1. A target without a positive study keeps the weight 1.
    ///
    /// - Parameter columns: of the targets among all that studies have
    package func weights(of studies: [Study], columns: Range<Int>) -> [Float]? {
        switch self {
        case .none: return nil
        case .constant(let weight): return Array(repeating: Float(weight), count: columns.count)
        case .balanced:
            return columns.map { target in
                let positive = studies.count { $0.target[target] > 0.5 }
                let negative = studies.count { $0.target[target] <= 0.5 }
                return positive > 0 ? Float(negative) / Float(positive) : 1
            }
        }
    }
}
