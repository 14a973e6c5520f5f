// SHA-256 of files and tensors, by OpenSSL with the processor's own instructions.

private import COpenSSL
package import EchoCore
package import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// SHA-256 of bytes that come in pieces.
package final class SHA256 {
    private let context: OpaquePointer

    package init() {
        context = EVP_MD_CTX_new()!
        precondition(EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1, "OpenSSL knows SHA-256")
    }

    deinit { EVP_MD_CTX_free(context) }

    package func update(_ bytes: some ContiguousBytes) {
        bytes.withUnsafeBytes { _ = EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    /// Ends the sum: 64 hexadecimal digits. To be asked once.
    package func hex() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        precondition(EVP_DigestFinal_ex(context, &digest, nil) == 1, "a sum is ended once")
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// SHA-256 of bytes in memory: 64 hexadecimal digits.
package func sha256(_ bytes: some ContiguousBytes) -> String {
    let sum = SHA256()
    sum.update(bytes)
    return sum.hex()
}

/// SHA-256 of a file, read in pieces, and its length in bytes.
package func sha256(ofFile path: String) throws(EchoError) -> (hex: String, bytes: Int) {
    try checkReadable(path)
    let file = try Descriptor(path, flags: O_RDONLY)
    let sum = SHA256()
    var piece = [UInt8](repeating: 0, count: 1 << 18), bytes = 0
    while true {
        let count = try file.read(into: &piece)
        sum.update(piece[..<count])
        bytes += count
        if count < piece.count { return (sum.hex(), bytes) }
    }
}
