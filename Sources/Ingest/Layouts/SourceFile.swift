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
    /// Words for the row's `flags`.
    var flags: [String] = []
    /// The tensor's name; empty until `Plan` gave it one.
    var name = ""

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
    let files: [SourceFile]
    /// What lists of the source say of its studies.
    let list: StudyList

    /// - Parameter named: whether a clip is named after its study and file rather than after its path
    init(layout: String, files: [SourceFile], namedByStudy: Bool, list: StudyList = StudyList()) {
        self.layout = layout
        self.list = list
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
        self.files = ordered
    }

    private init(layout: String, files: [SourceFile], list: StudyList) {
        self.layout = layout
        self.files = files
        self.list = list
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
        return Plan(layout: layout, files: mine, list: list)
    }

    /// The number of studies.
    var studyCount: Int { Set(files.map(\.study)).count }
}
