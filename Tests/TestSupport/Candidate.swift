// The engines that are judged: all that are here, the reference apart.

package import Compute
import ComputeCPU
import ComputeTorch
import Engines
import Testing

/// An engine to be judged.
package struct Candidate: Sendable, CustomTestStringConvertible {
    package let testDescription: String
    /// Whether it is ours: held to closer bounds, and keeps for the way back what the reference does.
    package let isOurs: Bool
    package let make: @Sendable () throws -> any Engine

    /// Every kind on every device, the processor's with each library of products.
    package static func all(_ precision: Precision) -> [Candidate] {
        let processor = ProductLibrary.installed.map { products in
            Candidate(testDescription: "cpu, \(products)", isOurs: true) {
                CPUEngine(threads: 2, precision: precision, products: products)
            }
        }
        let others = EngineKind.here.filter { !["cpu", "reference"].contains($0.name) }
        // The torch engine with our kernels for cards, which a host runs here.
        let fused = StandIn.fused.flatMap { library in
            TorchLibrary.absence != nil
                ? nil
                : Candidate(testDescription: "torch on cpu, fused kernels", isOurs: false) {
                    try TorchEngine(device: "cpu", threads: 2, precision: precision, fused: library)
                }
        }
        return processor + (fused.map { [$0] } ?? [])
            + others.flatMap { kind in
                kind.devices().map { device in
                    Candidate(testDescription: "\(kind.name) on \(device)", isOurs: false) {
                        try Place(kind, device: device, threads: 2).makeEngine(precision)
                    }
                }
            }
    }
}

extension EngineKind: CustomTestStringConvertible {
    /// All that can compute here.
    package static let here = Engines.all.filter { $0.absence() == nil }

    /// Each two of them that are not the same.
    package static let pairs = here.flatMap { one in here.filter { $0.name != one.name }.map { (one, $0) } }

    package var testDescription: String { name }
}
