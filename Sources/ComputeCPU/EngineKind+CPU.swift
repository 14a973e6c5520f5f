// The processor's line in the list of engines.

package import Compute

extension EngineKind {
    /// The processor's cores, in F32 or with products in BF16.
    package static let cpu = EngineKind("cpu", "the processor's cores, in F32 or with products in BF16") {
        place, precision in
        CPUEngine(threads: place.threadCount, precision: precision)
    }
}
