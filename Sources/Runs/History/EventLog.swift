// The same history as TensorBoard reads it: records of protocol buffers with checksums.

package import EchoCore
import Files
import Foundation

/// Writes a TensorBoard event file.
///
/// The format is TensorFlow's: each record is its length, the length's masked CRC-32C, an `Event` message, and that
/// message's masked CRC-32C, all little endian (tensorflow/core/lib/io/record_writer.h, util/event.proto).
package final class EventLog {
    private let file: GrowingFile
    /// Bytes of all records so far.
    package var length: Int { file.length }

    /// Opens the file, cut back to `kept` bytes; a new one gets the record that names the format.
    package init(path: String, keeping kept: Int) throws(EchoError) {
        file = try GrowingFile(path: path, place: "tensorboard", keeping: kept)
        if kept == 0 {
            var event = Message()
            event.double(1, Date.now.timeIntervalSince1970)
            event.bytes(3, Data("brain.Event:2".utf8))
            try file.append(EventLog.record(event.data))
        }
    }

    /// Adds every number of a line as a scalar named SPLIT/NAME.
    package func append(_ line: MetricsLine) throws(EchoError) {
        let scalars: [(String, Double?)] =
            [("loss", line.loss), ("lr", line.lr), ("grad_norm", line.gradNorm)] + line.measures
            + [
                ("studies_per_second", line.studiesPerSecond), ("stall", line.stall),
                ("gflops", line.gflops), ("products", line.products), ("sum", line.sum),
            ]
        var summary = Message()
        for case (let name, let value?) in scalars {
            var scalar = Message()
            scalar.bytes(1, Data("\(line.split.rawValue)/\(name)".utf8))
            scalar.float(2, Float(value))
            summary.bytes(1, scalar.data)
        }
        var event = Message()
        event.double(1, Date.now.timeIntervalSince1970)
        event.integer(2, UInt64(line.step))
        event.bytes(5, summary.data)
        try file.append(EventLog.record(event.data))
    }

    package func synchronise() throws(EchoError) { try file.synchronise() }

    private static func record(_ message: Data) -> Data {
        let length = littleEndian(UInt64(message.count))
        return length + littleEndian(maskedCRC32C(length)) + message + littleEndian(maskedCRC32C(message))
    }
}

/// A protocol buffer in the making: fields by number.
private struct Message {
    private(set) var data = Data()

    mutating func integer(_ field: UInt64, _ value: UInt64) {
        varint(field << 3)
        varint(value)
    }

    mutating func double(_ field: UInt64, _ value: Double) {
        varint(field << 3 | 1)
        data += littleEndian(value.bitPattern)
    }

    mutating func bytes(_ field: UInt64, _ value: Data) {
        varint(field << 3 | 2)
        varint(UInt64(value.count))
        data += value
    }

    mutating func float(_ field: UInt64, _ value: Float) {
        varint(field << 3 | 5)
        data += littleEndian(value.bitPattern)
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            data.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        data.append(UInt8(rest))
    }
}

private func littleEndian(_ value: some FixedWidthInteger) -> Data {
    Data((0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
}

/// CRC-32C (Castagnoli), reflected, rotated and shifted as TensorFlow stores it.
private func maskedCRC32C(_ bytes: Data) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes { crc = crc32cTable[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8) }
    crc = ~crc
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
}

private let crc32cTable: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
}
