// Lists of sums as `sha256sum` writes them and PhysioNet publishes them: of MIMIC-IV-ECHO with half a million lines.

package import EchoCore

#if canImport(Glibc)
    import Glibc
#endif

/// As PhysioNet names the list of a folder.
package let sumListName = "SHA256SUMS.txt"

/// The sum that a list such as SHA256SUMS.txt has for the file `name`, a path below the list's folder, as 64 hexadecimal
/// digits in lower case; nil where the list is not there, may not be read or does not name the file.
package func publishedSum(of name: String, inList path: String) throws(EchoError) -> String? {
    guard let file = try unlessAbsent({ () throws(EchoError) in try Descriptor(path, flags: O_RDONLY) })
    else { return nil }
    let wanted = Array(name.utf8)
    // The end of the last line stays for the next block.
    var block = [UInt8](repeating: 0, count: 1 << 18), rest: [UInt8] = []
    while let count = try unlessAbsent({ () throws(EchoError) in try file.read(into: &block) }), count > 0 {
        let bytes = rest + block[..<count]
        let isLast = count < block.count
        let end = isLast ? bytes.count : (bytes.lastIndex(of: 0x0A) ?? -1) + 1
        if let sum = sum(of: wanted, in: bytes[..<end]) { return sum }
        rest = Array(bytes[end...])
        if isLast || rest.count > 1 << 16 { break }
    }
    return nil
}

/// All sums of such a list, by the paths below its folder; nil where it is not there or may not be read.
package func publishedSums(inList path: String) throws(EchoError) -> [PathText: String]? {
    guard let bytes = try unlessAbsent({ () throws(EchoError) in try readFile(path) }) else { return nil }
    var sums: [PathText: String] = [:]
    for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) where line.count > 65 {
        let sum = line.prefix(64)
        guard sum.allSatisfy(isHexadecimal), line[line.startIndex + 64] == 0x20 else { continue }
        var name = line.dropFirst(65).drop { $0 == 0x20 || $0 == 0x2A }
        if name.starts(with: "./".utf8) { name = name.dropFirst(2) }
        sums[PathText(String(decoding: name, as: UTF8.self))] = String(decoding: sum, as: UTF8.self)
            .lowercased()
    }
    return sums
}

/// What `body` makes of a list; nil where the list is at fault, and not the machine.
private func unlessAbsent<Answer: ~Copyable>(
    _ body: () throws(EchoError) -> Answer
) throws(EchoError) -> Answer? {
    do throws(EchoError) {
        return try body()
    } catch {
        if error.isPassing { throw error }
        return nil
    }
}

/// Looks at the end of every line.
private func sum(of name: [UInt8], in lines: ArraySlice<UInt8>) -> String? {
    lines.withUnsafeBytes { text in
        var start = 0
        while start < text.count, let base = text.baseAddress {
            let feed = memchr(base + start, 0x0A, text.count - start)
            let next = feed.map { base.distance(to: UnsafeRawPointer($0)) } ?? text.count
            let end = next > start && text[next - 1] == 0x0D ? next - 1 : next
            let place = end - name.count
            if place > start + 64, memcmp(base + place, name, name.count) == 0 {
                let sum = text[start..<(start + 64)], mark = text[(start + 64)..<place]
                if sum.allSatisfy(isHexadecimal), isMark(mark) {
                    return String(decoding: sum, as: UTF8.self).lowercased()
                }
            }
            start = next + 1
        }
        return nil
    }
}

private func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
    default: false
    }
}

/// What stands between sum and path: spaces, or " *" of a binary file; the path may begin with "./".
private func isMark(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self).drop { $0 == " " || $0 == "*" }
    return !bytes.isEmpty && (text.isEmpty || text == "./")
}
