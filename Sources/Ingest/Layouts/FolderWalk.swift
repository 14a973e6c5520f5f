// Every file below a folder, whatever its name and however links lead there.

import EchoCore
import Files

/// A file that a walk met.
struct WalkedFile: Sendable {
    let path: String
    let fault: Rejection?
    var stamp: FileStamp?
}

/// The files below `folder`, each path beginning with `prefix`; hidden names are left out.
///
/// A folder that cannot be listed, a link that leads nowhere or in a circle, and what is no regular file come with
/// what is wrong.
///
/// - Throws: `EchoError` for what is wrong with the machine, not with one of them
func walk(_ folder: String, prefix: String = "") throws(EchoError) -> [WalkedFile] {
    var files: [WalkedFile] = []

    func visit(_ path: String, _ prefix: String, below ancestors: [[UInt64]]) throws(EchoError) {
        let list: [FolderEntry]
        do throws(EchoError) {
            list = try entries(ofFolder: path)
        } catch {
            if error.isPassing { throw error }
            files.append(
                WalkedFile(path: String(prefix.dropLast()), fault: Rejection(.unreadable, error.problem)))
            return
        }
        for entry in list where !entry.name.hasPrefix(".") {
            let relative = prefix + entry.name
            func add(_ fault: Rejection?) {
                files.append(WalkedFile(path: relative, fault: fault, stamp: entry.stamp))
            }
            guard entry.isUTF8 else {
                add(Rejection(.unreadable, "its name is not UTF-8"))
                continue
            }
            switch entry.kind {
            case .file: add(nil)
            case .brokenLink: add(Rejection(.missing, "it is a link that leads nowhere"))
            case .other: add(Rejection(.notAClip, "it is a pipe, a socket or a device"))
            case .folder:
                let below = path + "/" + entry.name
                guard let identity = try folderIdentity(below) else { continue }
                if ancestors.contains(identity) {
                    add(Rejection(.notAClip, "it is a link to a folder that it lies in"))
                } else {
                    try visit(below, relative + "/", below: ancestors + [identity])
                }
            }
        }
    }

    try visit(folder, prefix, below: try folderIdentity(folder).map { [$0] } ?? [])
    return files
}
