// The engines that a run may compute on: this list is the registry.

package import Compute
package import EchoCore

/// Which engine computes.
public enum EngineChoice: String, Sendable, CaseIterable, Codable {
    /// The processor's cores, in F32 or with products in BF16.
    case cpu
    /// Plain loops in F64, slow and readable.
    case reference

    /// A new engine of this kind.
    package func make(threads: Int, precision: Precision) throws(EchoError) -> any Engine {
        switch self {
        case .cpu: return CPUEngine(threads: threads, precision: precision)
        case .reference:
            guard precision == .f32 else {
                throw EchoError(
                    "--precision", "the reference engine does not compute in \(precision.rawValue)",
                    try: "choose --engine cpu")
            }
            return ReferenceEngine()
        }
    }
}
