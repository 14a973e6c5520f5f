// A file of the source before anything is read of it, and the order in which all of them are taken.

import EchoCore
import Files

/// A file that will end as a row of `clip`.
struct SourceFile: Sendable, Equatable {
    /// Relative to the source.
    let path: String
    /// The study as text.
    let study: String
    var studyID: Int64?
    var subjectID: Int64?
    /// What is wrong with it before it is opened.
    var fault: Rejection?
    /// Whether there is a list that does not name it.
    var isUnlisted = false
    /// Of a regular file, as the folder has it.
    var stamp: FileStamp?
    /// The sum that was published for it, where a list has one.
    var publishedSum: String?
    /// The tensor's name; empty until `Plan` gave it one.
    var name = ""

    /// Words for a row's `flags`: that it is so, and that its bytes have another sum.
    static let unlistedFlag = "unlisted", otherSumFlag = "sum-differs"

    /// The last component without its extension.
    var stem: Substring {
        let file = path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]
        guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return file }
        return file[..<dot]
    }
}

/// All files of a source in the order of their studies, each study together.
struct Plan: Sendable {
    let layout: String
    private(set) var files: [SourceFile]
    /// What lists of the source say of its studies.
    let list: StudyList
    /// The lists of files that the source has, relative to it; what lies below their folders and is in none of them is not
    /// of this release.
    let fileLists: [FileList]
    private let namedByStudy: Bool

    /// A list of the files below a folder.
    struct FileList: Sendable {
        /// Its path relative to the source, and its sum.
        let path: String, sha256: String
        /// What the paths of the files that it speaks of begin with.
        let folder: String
    }

    /// - Parameter namedByStudy: whether a clip is named after its study and file rather than after its path
    init(
        layout: String, files: [SourceFile], namedByStudy: Bool, list: StudyList = StudyList(),
        fileLists: [FileList] = []
    ) {
        self.layout = layout
        self.list = list
        self.fileLists = fileLists
        self.namedByStudy = namedByStudy
        self.files = Plan.named(files, byStudy: namedByStudy)
    }

    /// The same source with other files, which get their places and names anew.
    func with(files: [SourceFile]) -> Plan {
        Plan(layout: layout, files: files, namedByStudy: namedByStudy, list: list, fileLists: fileLists)
    }

    /// Takes in the sums that `SHA256SUMS.txt` of the source has for its files.
    ///
    /// - Returns: whether they are this release's: not if they have another sum for one of its lists
    mutating func takeSums(of source: String) throws(EchoError) -> Bool {
        guard let sums = try publishedSums(inList: source + "/" + sumListName) else { return true }
        for list in fileLists where sums[PathText(list.path)].map({ $0 != list.sha256 }) ?? false {
            return false
        }
        for index in files.indices { files[index].publishedSum = sums[PathText(files[index].path)] }
        return true
    }

    /// Which lists the source has, as one text; another one where one of them changed.
    var release: String {
        fileLists.isEmpty ? "none" : fileLists.map { "\($0.path) \($0.sha256)" }.joined(separator: ", ")
    }

    /// Whether a list speaks of a path.
    func isListable(_ path: String) -> Bool { fileLists.contains { path.hasPrefix($0.folder) } }

    private static func named(_ files: [SourceFile], byStudy namedByStudy: Bool) -> [SourceFile] {
        var studies: [String: Int] = [:]
        var ordered = files.sorted { precedes($0.path, $1.path) }
        for file in ordered where studies[file.study] == nil { studies[file.study] = studies.count }
        // The first path of a study decides its place; Swift's sort is stable.
        ordered.sort { studies[$0.study]! < studies[$1.study]! }
        var uses: [String: Int] = [:]
        for index in ordered.indices {
            let file = ordered[index]
            let folder = file.path.lastIndex(of: "/").map { file.path[...$0] } ?? ""
            ordered[index].name = (namedByStudy ? file.study + "/" : String(folder)) + file.stem
            uses[ordered[index].name, default: 0] += 1
        }
        // Names that two files would share keep their extension; should they still be one text, the second is a
        // duplicate by its name.
        var taken: Set<String> = []
        for index in ordered.indices {
            let file = ordered[index]
            if uses[file.name]! > 1 { ordered[index].name = file.path }
            if !taken.insert(ordered[index].name).inserted {
                ordered[index].name += " (\(index))"
                ordered[index].fault = Rejection(.duplicate, "another file's path is the same text")
            }
        }
        return ordered
    }

    /// Every `count`-th study, beginning with the `number`-th, counted from 1.
    func part(_ number: Int, of count: Int) -> Plan {
        var study = -1
        var last: String?
        let mine = files.filter { file in
            if file.study != last { study += 1 }
            last = file.study
            return study % count == number - 1
        }
        return with(files: mine)
    }

    /// The number of studies.
    var studyCount: Int { Set(files.map(\.study)).count }
}
