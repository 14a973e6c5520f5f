// PyTorch's line in the list of engines.

package import Compute
import EchoCore
import Foundation

extension EngineKind {
    /// An installed PyTorch, on cards and on processors.
    package static let torch = EngineKind(
        "torch", "an installed PyTorch, on cards and on processors, in F32 or with products in BF16",
        absence: { TorchLibrary.absence }, devices: { TorchLibrary.devices }
    ) { (place, precision) throws(EchoError) in
        // Off until a card has run them: ECHOPREP_FUSED=on.
        let fused = ProcessInfo.processInfo.environment["ECHOPREP_FUSED"]
        return try TorchEngine(
            device: place.deviceName, threads: place.threadCount, precision: precision,
            fused: fused == "on" && place.deviceName.hasPrefix("cuda") ? fused : nil)
    }
}
