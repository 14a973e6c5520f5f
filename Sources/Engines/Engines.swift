// All engines: the one target that imports them. A new engine is a line here.

package import Compute
import ComputeCPU
import ComputeReference

/// The list of engines; the first is what computes unless asked otherwise.
package enum Engines {
    package static let all: [EngineKind] = [
        .cpu,
        .reference,
    ]

    /// The engine of that name; nil if there is none.
    package static func named(_ name: String) -> EngineKind? { all.first { $0.name == name } }
}
