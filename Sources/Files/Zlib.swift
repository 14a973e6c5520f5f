// zlib's streams: gzip tables written, deflated DICOM inflated to a limit.

private import CZlib
package import EchoCore
package import Foundation

/// A gzip stream without time or name, so that the same content is the same bytes.
package func gzip(_ bytes: some ContiguousBytes, level: Int32 = 6) -> [UInt8] {
    bytes.withUnsafeBytes { input in
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        let opened = deflateInit2_(
            &stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        precondition(opened == Z_OK, "zlib opens a stream")
        defer { deflateEnd(&stream) }
        precondition(input.count < 1 << 32, "one call compresses less than 4 GiB")
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(input.count))))
        let written = output.withUnsafeMutableBytes { out in
            stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
            stream.avail_in = UInt32(input.count)
            stream.next_out = out.bindMemory(to: UInt8.self).baseAddress
            stream.avail_out = UInt32(out.count)
            precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END, "the bound holds all of it")
            return out.count - Int(stream.avail_out)
        }
        output.removeSubrange(written...)
        return output
    }
}

/// Inflates a raw deflate stream, as of DICOM's deflated syntax.
///
/// - Throws: `Rejection` where the stream is corrupt or cut short, or would grow beyond `limit` bytes.
package func inflateRaw(_ bytes: some ContiguousBytes, upTo limit: Int) throws(Rejection) -> [UInt8] {
    try inflate(bytes, windowBits: -15, upTo: limit)
}

/// Inflates a gzip stream in memory, as of an embedded table. Throws as `inflateRaw`.
package func gunzip(_ bytes: some ContiguousBytes, upTo limit: Int) throws(Rejection) -> [UInt8] {
    try inflate(bytes, windowBits: 15 + 16, upTo: limit)
}

private func inflate(
    _ bytes: some ContiguousBytes, windowBits: Int32, upTo limit: Int
) throws(Rejection) -> [UInt8] {
    let result = bytes.withUnsafeBytes { input in
        Result { () throws(Rejection) in
            var stream = z_stream()
            let size = Int32(MemoryLayout<z_stream>.size)
            precondition(
                inflateInit2_(&stream, windowBits, ZLIB_VERSION, size) == Z_OK, "zlib opens a stream")
            defer { inflateEnd(&stream) }
            stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
            stream.avail_in = UInt32(clamping: input.count)
            var output: [UInt8] = []
            var block = [UInt8](repeating: 0, count: 1 << 18)
            while true {
                let status = block.withUnsafeMutableBytes { out in
                    stream.next_out = out.bindMemory(to: UInt8.self).baseAddress
                    stream.avail_out = UInt32(out.count)
                    return inflate(&stream, Z_NO_FLUSH)
                }
                let produced = block.count - Int(stream.avail_out)
                if output.count + produced > limit {
                    throw Rejection(.tooLarge, "its deflated data grow beyond \(grouped(limit)) bytes")
                }
                output.append(contentsOf: block[..<produced])
                if status == Z_STREAM_END { return output }
                if status == Z_BUF_ERROR || (status == Z_OK && produced == 0) {
                    throw Rejection(.truncated, "its deflated data end too early")
                }
                if status != Z_OK {
                    throw Rejection(
                        .malformed, "its deflated data are corrupt after \(stream.total_in) bytes")
                }
            }
        }
    }
    return try result.get()
}
