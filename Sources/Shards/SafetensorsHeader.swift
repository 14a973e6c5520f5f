// The header of a safetensors file: 8 bytes of length, then JSON; nothing in it is believed before it is checked.

import EchoCore
import Foundation

/// The header of a safetensors file.
struct SafetensorsHeader {
    var metadata: [String: String] = [:]
    /// In the order of their bytes.
    var tensors: [TensorInfo] = []

    /// What the public implementation accepts, too; and tensors, of which a shard or a model has some thousands.
    static let greatestLength = 100_000_000, mostTensors = 1_000_000

    /// Reads and checks the header of a file of `file.count` bytes.
    ///
    /// The tensors must cover the bytes after the header exactly, without holes or overlaps, as the format demands.
    init(of file: Data, path: String) throws(EchoError) {
        func malformed(_ problem: String) -> EchoError {
            EchoError(path, "is not a safetensors file: \(problem)", try: "check that it was copied whole")
        }
        guard file.count >= 8 else {
            throw malformed("it has \(file.count) bytes, fewer than a header's length")
        }
        let length = file.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(SafetensorsHeader.greatestLength) else {
            throw malformed("its header claims \(length) bytes")
        }
        let start = 8 + Int(length)
        guard start <= file.count else {
            throw malformed("its header claims \(length) bytes of a file of \(file.count)")
        }
        let json = file[file.startIndex + 8..<file.startIndex + start]
        guard json.first == UInt8(ascii: "{") else { throw malformed("its header does not begin with {") }
        var parser = SafetensorsHeaderParser([UInt8](json))
        do throws(SafetensorsHeaderParser.Fault) {
            try parser.parse()
        } catch {
            throw malformed("its header \(error.clause)")
        }
        metadata = parser.metadata
        tensors.reserveCapacity(parser.entries.count)
        var names: Set<String> = []
        for entry in parser.entries {
            let name = brief(entry.name)
            guard names.insert(entry.name).inserted else { throw malformed("it names tensor \(name) twice") }
            guard let dtype = DType(rawValue: entry.dtype) else {
                throw malformed("tensor \(name) has the unknown type \(brief(entry.dtype, 16))")
            }
            let (first, end) = (entry.first, entry.end)
            guard first >= 0, first <= end, end <= file.count - start else {
                throw malformed("tensor \(name) lies outside of the file")
            }
            var size = dtype.size
            for extent in entry.shape {
                let (product, overflow) = size.multipliedReportingOverflow(by: extent)
                guard extent >= 0, !overflow else {
                    throw malformed("tensor \(name) has an impossible shape")
                }
                size = product
            }
            guard size == end - first else {
                throw malformed("tensor \(name) has \(end - first) bytes where its shape needs \(size)")
            }
            tensors.append(
                TensorInfo(
                    name: entry.name, dtype: dtype, shape: entry.shape, byteRange: start + first..<start + end
                ))
        }
        tensors.sort {
            ($0.byteRange.lowerBound, $0.byteRange.upperBound, $0.name)
                < ($1.byteRange.lowerBound, $1.byteRange.upperBound, $1.name)
        }
        var place = start
        for tensor in tensors {
            guard tensor.byteRange.lowerBound == place else {
                let what =
                    tensor.byteRange.lowerBound < place ? "overlaps the one before it" : "follows a hole"
                throw malformed("tensor \(brief(tensor.name)) \(what)")
            }
            place = tensor.byteRange.upperBound
        }
        guard place == file.count else {
            throw malformed("\(file.count - place) bytes at its end belong to no tensor")
        }
    }

    /// The header as it stands in a file, length included, padded with blanks to `room` bytes, or to the next
    /// multiple of eight; nil if it does not fit.
    static func encoded(
        metadata: [String: String], tensors: [(name: String, dtype: DType, shape: [Int])], room: Int? = nil
    ) -> [UInt8]? {
        var json: [UInt8] = [UInt8(ascii: "{")]
        func separate() { if json.count > 1 { json.append(UInt8(ascii: ",")) } }
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { quoted($0.key) + ":" + quoted($0.value) }
            json.append(contentsOf: "\"__metadata__\":{\(pairs.joined(separator: ","))}".utf8)
        }
        var place = 0
        for tensor in tensors {
            separate()
            let end = place + tensor.shape.reduce(tensor.dtype.size, *)
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            json.append(
                contentsOf:
                    "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(place),\(end)]}"
                    .utf8)
            place = end
        }
        json.append(UInt8(ascii: "}"))
        let size = room ?? (8 + json.count + 7) / 8 * 8
        guard 8 + json.count <= size else { return nil }
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: size - 8 - json.count))
        return (0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) } + json
    }
}

/// A JSON string.
private func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": out += "\\\""
        case "\\": out += "\\\\"
        case "\n": out += "\\n"
        case "\u{0}"..."\u{1F}": out += String(format: "\\u%04x", scalar.value)
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out + "\""
}
