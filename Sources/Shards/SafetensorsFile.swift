// Tensors in a safetensors file, mapped: only what is asked for is read from the disk.

package import EchoCore
import Files
package import Foundation

/// A safetensors file, mapped into memory, its header checked.
///
/// Used for shards, checkpoints, traces and predictions. The format: https://github.com/huggingface/safetensors
package final class SafetensorsFile: Sendable {
    package let path: String
    package let metadata: [String: String]
    package let tensors: [String: TensorInfo]
    /// The names in the order of their bytes in the file.
    package let names: [String]
    private let file: Data

    /// - Throws: `EchoError` where the file cannot be read or any part of its header cannot be true.
    package init(path: String) throws(EchoError) {
        self.path = path
        file = try mapFile(path)
        let header = try SafetensorsHeader(of: file, path: path)
        metadata = header.metadata
        names = header.tensors.map(\.name)
        tensors = Dictionary(uniqueKeysWithValues: header.tensors.map { ($0.name, $0) })
    }

    /// The description of a tensor.
    package func info(_ name: String) throws(EchoError) -> TensorInfo {
        guard let info = tensors[name] else { throw EchoError(path, "has no tensor \(brief(name))") }
        return info
    }

    /// A tensor's bytes, not copied.
    package func bytes(_ name: String) throws(EchoError) -> Data {
        slice(try info(name).byteRange)
    }

    /// Some of a tensor's bytes, counted from its first, not copied.
    package func bytes(_ name: String, range: Range<Int>) throws(EchoError) -> Data {
        let all = try info(name).byteRange
        precondition(range.lowerBound >= 0 && range.upperBound <= all.count, "a range lies inside the tensor")
        return slice(all.lowerBound + range.lowerBound..<all.lowerBound + range.upperBound)
    }

    private func slice(_ range: Range<Int>) -> Data {
        file[file.startIndex + range.lowerBound..<file.startIndex + range.upperBound]
    }

    /// A tensor as F32; BF16, F16 and F64 are converted.
    package func floats(_ name: String) throws(EchoError) -> [Float] {
        let info = try info(name)
        switch info.dtype {
        case .f32: return elements(info)
        case .f64: return elements(info).map { (x: Double) in Float(x) }
        case .f16: return elements(info).map { (x: Float16) in Float(x) }
        case .bf16: return elements(info).map { (x: UInt16) in Float(bitPattern: UInt32(x) << 16) }
        default: throw EchoError(path, "tensor \(brief(name)) is \(info.dtype.rawValue), not a floating type")
        }
    }

    /// A tensor of type I64.
    package func int64s(_ name: String) throws(EchoError) -> [Int64] {
        let info = try info(name)
        guard info.dtype == .i64 else {
            throw EchoError(path, "tensor \(brief(name)) is \(info.dtype.rawValue), not I64")
        }
        return elements(info)
    }

    /// Copies a tensor whose element type is known to have this size.
    private func elements<Element: BitwiseCopyable>(_ info: TensorInfo) -> [Element] {
        precondition(MemoryLayout<Element>.size == info.dtype.size, "the element type is that of the tensor")
        return [Element](unsafeUninitializedCapacity: info.count) { elements, count in
            file.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(elements).copyMemory(from: .init(rebasing: $0[info.byteRange]))
            }
            count = info.count
        }
    }
}
