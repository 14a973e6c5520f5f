// The engines that a run may compute on: this list is the registry.

package import Compute

/// Which engine computes.
public enum EngineChoice: String, Sendable, CaseIterable, Codable {
    /// The processor's cores, in F32.
    case cpu
    /// Plain loops in F64, slow and readable.
    case reference

    /// A new engine of this kind.
    package func make(threads: Int) -> any Engine {
        switch self {
        case .cpu: CPUEngine(threads: threads)
        case .reference: ReferenceEngine()
        }
    }
}
