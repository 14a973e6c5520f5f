// PyTorch's line in the list of engines.

package import Compute
import EchoCore

extension EngineKind {
    /// An installed PyTorch, on cards and on processors.
    package static let torch = EngineKind(
        "torch", "an installed PyTorch, on cards and on processors, in F32 or with products in BF16",
        absence: { TorchLibrary.absence }, devices: { TorchLibrary.devices }
    ) { (place, precision) throws(EchoError) in
        try TorchEngine(
            device: place.deviceName, threads: place.threadCount, precision: precision)
    }
}
