// All engines: the one target that imports them. A new engine is a line here.

package import Compute
import ComputeCPU
import ComputeReference
import ComputeTorch

/// The list of engines; the first is what computes unless asked otherwise.
package enum Engines {
    package static let all: [EngineKind] = [
        .cpu,
        .torch,
        .reference,
    ]

    /// The engine of that name; nil if there is none.
    package static func named(_ name: String) -> EngineKind? { all.first { $0.name == name } }
}
