// How a source names its studies; a new kind of source is one type and one line in the list below.

import Crop
import EchoCore
import Files

/// A way of laying out clips in folders.
protocol SourceLayout: Sendable {
    /// The name on the command line.
    static var name: String { get }
    /// The crop that its clips get unless the user says otherwise.
    static var crop: CropRule { get }
    /// Whether a folder looks as if it were laid out like this.
    static func matches(_ folder: String) throws -> Bool
    /// All files of the source.
    static func plan(_ folder: String) throws -> Plan
}

extension SourceLayout {
    static var crop: CropRule { .echoprime }
}

/// The registry: the first that matches is taken, the last matches always.
private let layouts: [any (SourceLayout & Sendable).Type] = [
    MimicLayout.self, EchoNetPediatricLayout.self, EchoNetDynamicLayout.self, PlainFolderLayout.self,
]

/// The names for `--layout`.
package let layoutNames = layouts.map { $0.name }

/// Finds the files of `source`.
///
/// - Parameters:
///   - layout: a name of `layoutNames`, or nil to find it by looking
///   - dataset: the dataset folder, which neither lies in the source nor holds it
func plan(source: String, layout: String?, dataset: String) throws -> (plan: Plan, crop: CropRule) {
    guard try folderIdentity(source) != nil else {
        throw EchoError(source, "is not a folder", try: "name the folder that holds the clips")
    }
    try checkApart(source, dataset)
    let chosen = try layouts.first { try layout == nil ? $0.matches(source) : $0.name == layout }
    guard let chosen else {
        throw EchoError("--layout", "is none of \(layoutNames.joined(separator: ", "))", isUsage: true)
    }
    return (try chosen.plan(source), chosen.crop)
}

/// Any folder of clips: a folder is a study, and a file that lies directly in the source is a study of its own.
private enum PlainFolderLayout: SourceLayout {
    static let name = "folder"

    static func matches(_ folder: String) -> Bool { true }

    static func plan(_ folder: String) throws(EchoError) -> Plan {
        let files = try walk(folder).map { file in
            var source = SourceFile(
                path: file.path, study: file.path.lastIndex(of: "/").map { String(file.path[..<$0]) } ?? "",
                fault: file.fault, stamp: file.stamp)
            if source.study.isEmpty {
                source = SourceFile(
                    path: file.path, study: String(source.stem), fault: file.fault, stamp: file.stamp)
            }
            return source
        }
        return Plan(layout: name, files: files, namedByStudy: false)
    }
}
