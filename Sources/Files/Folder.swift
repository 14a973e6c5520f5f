// What lies in a folder, hostile names and links included, in an order that does not depend on the file system.

package import EchoCore

#if canImport(Glibc)
    import Glibc
#endif

/// One name in a folder.
package struct FolderEntry: Sendable, Equatable {
    package enum Kind: Sendable {
        case file, folder
        /// A link whose target is not there.
        case brokenLink
        /// A pipe, socket or device.
        case other
    }

    /// The name; bytes that are not UTF-8 stand as \xE9, and such a file cannot be opened by this name.
    package let name: String
    package let isUTF8: Bool
    /// What it is, or what the link leads to.
    package let kind: Kind
    /// Of a regular file, as it is now.
    package let stamp: FileStamp?
}

/// By what a file is known to be as it was, without reading it.
package struct FileStamp: Sendable, Equatable {
    package let bytes: Int
    /// When it was last written to, in nanoseconds since 1970.
    package let mtime: Int

    package init(bytes: Int, mtime: Int) {
        self.bytes = bytes
        self.mtime = mtime
    }

    init(_ status: stat) {
        bytes = Int(status.st_size)
        mtime = Int(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int(status.st_mtim.tv_nsec)
    }
}

/// The names in a folder but `.` and `..`, sorted by their bytes; links are followed.
package func entries(ofFolder path: String) throws(EchoError) -> [FolderEntry] {
    guard let folder = opendir(path) else { throw systemError(path, "cannot be listed") }
    defer { closedir(folder) }
    var entries: [FolderEntry] = []
    errno = 0
    while let entry = readdir(folder) {
        var status = stat()
        let found: (bytes: [UInt8], status: Int32) = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
            tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) {
                name in
                let bytes = UnsafeBufferPointer(start: name, count: strlen(name))
                    .map { UInt8(truncatingIfNeeded: $0) }
                return (bytes, fstatat(dirfd(folder), name, &status, 0))
            }
        }
        if found.bytes == [46] || found.bytes == [46, 46] { continue }
        let kind: FolderEntry.Kind
        if found.status != 0 {
            let fault = systemError(path, "cannot be listed")
            if fault.isPassing { throw fault }
            kind = .brokenLink
        } else {
            kind =
                switch status.st_mode & S_IFMT {
                case S_IFREG: .file
                case S_IFDIR: .folder
                default: .other
                }
        }
        let name = String(validating: found.bytes, as: UTF8.self)
        entries.append(
            FolderEntry(
                name: name ?? escaped(found.bytes), isUTF8: name != nil, kind: kind,
                stamp: kind == .file ? FileStamp(status) : nil))
        errno = 0
    }
    if errno != 0 { throw systemError(path, "cannot be listed") }
    return entries.sorted { precedes($0.name, $1.name) }
}

/// Whether one text's UTF-8 bytes come before another's: an order without regard to language.
package func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

/// Which folder a path leads to, so that two ways to one can be told; nil where there is none.
///
/// - Throws: `EchoError` where the machine does not say
package func folderIdentity(_ path: String) throws(EchoError) -> [UInt64]? {
    var status = stat()
    guard stat(path, &status) == 0 else { return try nothing(path, nil) }
    guard status.st_mode & S_IFMT == S_IFDIR else { return nil }
    return [UInt64(status.st_dev), UInt64(status.st_ino)]
}

/// `answer`, where `errno` says that nothing of that name is there or may be seen, and not that the machine is at fault.
private func nothing<Answer>(_ path: String, _ answer: Answer) throws(EchoError) -> Answer {
    let fault = systemError(path, "cannot be looked for")
    if fault.isPassing { throw fault }
    return answer
}

/// The path from the root, links resolved.
package func absolutePath(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
}

/// Whether a file is there and this process may read it.
///
/// - Throws: `EchoError` where the machine does not say
package func isReadable(_ path: String) throws(EchoError) -> Bool {
    if access(path, R_OK) == 0 { return true }
    return try nothing(path, false)
}

/// Removes a file; nothing happens if it is not there.
package func removeFile(_ path: String) throws(EchoError) {
    if unlink(path) != 0, errno != ENOENT { throw systemError(path, "cannot be removed") }
}

/// Gives a file another name, also in another folder of the same disk, and brings both folders' lists to the disk.
package func moveFile(_ path: String, to target: String) throws(EchoError) {
    if rename(path, target) != 0 { throw systemError(path, "cannot be given its new name") }
    try synchronizeFolder(of: target)
    try synchronizeFolder(of: path)
}

/// Bytes as text, those beyond ASCII as \xE9.
private func escaped(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789ABCDEF")
    return bytes.reduce(into: "") { text, byte in
        if byte < 0x80 {
            text.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            text += "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }
    }
}
