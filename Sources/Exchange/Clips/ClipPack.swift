// Many clips in one place: a tar file, or a folder of files, there whole or not at all.

import EchoCore
import Files
import Foundation

/// A pack in the making: members come one after the other, and nothing has the pack's name before `finish`.
struct ClipPack: ~Copyable {
    private let path: String
    private var tar: AtomicFile?
    private let folder: String?
    private(set) var bytes = 0

    /// - Parameters:
    ///   - path: of the tar file or the folder
    init(_ path: String, isTar: Bool) throws(EchoError) {
        self.path = path
        if isTar {
            tar = try AtomicFile(path)
            folder = nil
        } else {
            let url = URL(fileURLWithPath: path)
            let hidden = url.deletingLastPathComponent().appendingPathComponent(
                ".\(url.lastPathComponent).partial")
            // What an export that was stopped left.
            try? FileManager.default.removeItem(at: hidden)
            try makeFolder(hidden.path)
            folder = hidden.path
        }
    }

    /// Adds a file.
    mutating func add(_ name: String, _ contents: [UInt8]) throws(EchoError) {
        bytes += contents.count
        if let folder { return try writeFile("\(folder)/\(name)", contents) }
        try tar?.write(tarHeader(name, bytes: contents.count) + contents)
        try tar?.write([UInt8](repeating: 0, count: (512 - contents.count % 512) % 512))
    }

    /// Gives the pack its name.
    consuming func finish() throws(EchoError) {
        if let folder { return try moveFile(folder, to: path) }
        if var tar = tar.take() {
            try tar.write([UInt8](repeating: 0, count: 1024))
            try tar.commit()
        }
    }
}

/// The header of a regular file in a tar archive (POSIX ustar), of nobody and at no time, so that the same files give the
/// same bytes.
func tarHeader(_ name: String, bytes: Int) -> [UInt8] {
    precondition(name.utf8.count <= 100, "names are numbers with extensions")
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ place: Int) {
        for (index, byte) in text.utf8.enumerated() { header[place + index] = byte }
    }
    func octal(_ number: Int, digits: Int) -> String { zeroPadded(number, digits, radix: 8) }
    put(name, 0)
    put(octal(0o644, digits: 7), 100)
    put(octal(0, digits: 7), 108)
    put(octal(0, digits: 7), 116)
    put(octal(bytes, digits: 11), 124)
    put(octal(0, digits: 11), 136)
    put("        ", 148)
    put("0", 156)
    put("ustar\u{0}00", 257)
    let sum = header.reduce(0) { $0 + Int($1) }
    put(octal(sum, digits: 6) + "\u{0} ", 148)
    return header
}
