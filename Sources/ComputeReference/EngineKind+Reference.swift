// The judge's line in the list of engines.

package import Compute
import EchoCore

extension EngineKind {
    /// Plain loops in F64, slow and readable.
    package static let reference = EngineKind("reference", "plain loops in F64, slow and readable") {
        (_, precision) throws(EchoError) in
        guard precision == .f32 else {
            throw EchoError(
                "--precision", "the reference engine does not compute in \(precision.rawValue)",
                try: "choose --engine cpu")
        }
        return ReferenceEngine()
    }
}
