// Tensors into a safetensors file, one after the other: the file is there whole or not at all.

package import EchoCore
import Files
package import Foundation

/// A safetensors file in the making.
///
/// Tensors are written as they come; the header goes into the room kept for it at the front when `finish` is called.
/// Until then nothing has the file's name. The same tensors and metadata give the same bytes.
package struct SafetensorsWriter: ~Copyable {
    /// May be changed until `finish`.
    package var metadata: [String: String]
    /// Bytes written, the header's room included.
    package var size: Int { file.offset }
    private let path: String
    private let room: Int
    private var file: AtomicFile
    private var tensors: [(name: String, dtype: DType, shape: [Int])] = []

    /// The most bytes of a header that readers take, its length included.
    package static let greatestHeader = SafetensorsHeader.greatestLength

    /// Begins a file whose tensors are not known yet.
    ///
    /// - Parameter headerRoom: bytes kept for the header, a multiple of eight; see `room(metadata:tensors:)`
    package init(_ path: String, metadata: [String: String] = [:], headerRoom: Int) throws(EchoError) {
        precondition(headerRoom % 8 == 0, "tensors begin at a multiple of eight")
        var file = try AtomicFile(path)
        try file.write([UInt8](repeating: 0, count: headerRoom))
        self.metadata = metadata
        self.path = path
        self.file = file
        room = headerRoom
    }

    /// Begins a file with the tensors that will be added, in that order.
    package init(
        _ path: String, metadata: [String: String] = [:],
        tensors: [(name: String, dtype: DType, shape: [Int])]
    ) throws(EchoError) {
        try self.init(
            path, metadata: metadata,
            headerRoom: SafetensorsWriter.room(metadata: metadata, tensors: tensors))
    }

    /// The bytes that a header with these contents takes.
    package static func room(
        metadata: [String: String], tensors: [(name: String, dtype: DType, shape: [Int])]
    ) -> Int {
        SafetensorsHeader.encoded(metadata: metadata, tensors: tensors)!.count
    }

    /// Adds a tensor: its elements row-major, little endian.
    package mutating func add(
        _ name: String, _ dtype: DType, shape: [Int], bytes: some ContiguousBytes
    ) throws(EchoError) {
        let start = file.offset
        try file.write(bytes)
        precondition(file.offset - start == shape.reduce(dtype.size, *), "the bytes fill the shape")
        tensors.append((name, dtype, shape))
    }

    /// Adds an F32 tensor.
    package mutating func add(_ name: String, shape: [Int], floats: [Float]) throws(EchoError) {
        try add(name, .f32, shape: shape, elements: floats)
    }

    /// Adds an I64 tensor.
    package mutating func add(_ name: String, shape: [Int], int64s: [Int64]) throws(EchoError) {
        try add(name, .i64, shape: shape, elements: int64s)
    }

    private mutating func add(
        _ name: String, _ dtype: DType, shape: [Int], elements: [some BitwiseCopyable]
    ) throws(EchoError) {
        try add(name, dtype, shape: shape, bytes: Elements(values: elements))
    }

    /// Writes the header, brings all to the disk and gives the file its name. A header that outgrew its room moves the
    /// tensors.
    package consuming func finish() throws(EchoError) {
        var header = SafetensorsHeader.encoded(metadata: metadata, tensors: tensors, room: room)
        if header == nil {
            header = SafetensorsHeader.encoded(metadata: metadata, tensors: tensors)
            try file.insert(header!.count - room, at: room)
        }
        guard header!.count <= SafetensorsWriter.greatestHeader else {
            throw EchoError(
                path,
                "its header would have \(grouped(header!.count)) bytes, and readers take no more than "
                    + grouped(SafetensorsWriter.greatestHeader),
                try: "fewer tensors in one file")
        }
        try file.overwrite(header!, at: 0)
        try file.commit()
    }
}

/// The bytes of an array of numbers.
private struct Elements<Value: BitwiseCopyable>: ContiguousBytes {
    let values: [Value]

    func withUnsafeBytes<Answer>(_ body: (UnsafeRawBufferPointer) throws -> Answer) rethrows -> Answer {
        try values.withUnsafeBytes(body)
    }
}
