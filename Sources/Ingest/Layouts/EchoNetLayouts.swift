// EchoNet-Dynamic and EchoNet-Pediatric as Stanford publishes them: videos that are cropped already, beside a list.

import Crop
import EchoCore
import Files

/// `FileList.csv` and `Videos/*.avi`; each video is a study of its own.
enum EchoNetDynamicLayout: SourceLayout {
    static let name = "echonet-dynamic"
    static let crop = CropRule.none

    static func matches(_ folder: String) throws -> Bool {
        try isReadable(folder + "/FileList.csv") && folderIdentity(folder + "/Videos") != nil
    }

    static func plan(_ folder: String) throws -> Plan {
        let (files, list, source) = try listedVideos(in: folder, below: "") { String($0) }
        return Plan(layout: name, files: files, namedByStudy: true, list: list, fileLists: [source])
    }
}

/// `A4C/` and `PSAX/`, each with `FileList.csv` and `Videos/*.avi`; the views of one patient, whose name stands
/// before the first dash of the file's, are a study.
enum EchoNetPediatricLayout: SourceLayout {
    static let name = "echonet-pediatric"
    static let crop = CropRule.none

    private static let views = ["A4C", "PSAX"]

    static func matches(_ folder: String) throws -> Bool {
        try views.contains { try EchoNetDynamicLayout.matches(folder + "/" + $0) }
    }

    static func plan(_ folder: String) throws -> Plan {
        var files: [SourceFile] = [], list = StudyList(), sources: [Plan.FileList] = []
        for view in views where try EchoNetDynamicLayout.matches(folder + "/" + view) {
            let found = try listedVideos(in: folder, below: view + "/") { stem in
                String(stem.prefix { $0 != "-" })
            }
            files += found.files
            list.merge(found.list)
            sources.append(found.source)
        }
        return Plan(layout: name, files: files, namedByStudy: true, list: list, fileLists: sources)
    }
}

/// The videos below `prefix` that the list there names or the disk has, and what it says of their studies; as in MIMIC's
/// layout, a listed one that is not there is `missing`, and one that is not listed is flagged `unlisted`.
private func listedVideos(
    in folder: String, below prefix: String, study: (Substring) -> String
) throws -> (files: [SourceFile], list: StudyList, source: Plan.FileList) {
    var listed: [PathText: String] = [:], list = StudyList()
    let table = try CSVReader(folder + "/" + prefix + "FileList.csv")
    let columns = ["FileName"] + ["EF", "Split"].filter(table.header.contains)
    let places = ["EF", "Split"].map(columns.firstIndex)
    try table.forEachRow(columns) { row in
        let name = row.text(0)
        guard !name.isEmpty, !name.contains("/") else {
            throw EchoError(
                prefix + "FileList.csv", "line \(row.line) names no file", try: "download it again")
        }
        let path = "\(prefix)Videos/\(name)" + (name.hasSuffix(".avi") ? "" : ".avi")
        listed[PathText(path)] = path
        list.add(
            study(SourceFile(path: path, study: "").stem), fraction: places[0].map(row.text),
            split: places[1].map(row.text))
    }
    func file(_ path: String, fault: Rejection?, stamp: FileStamp? = nil) -> SourceFile {
        let stem = SourceFile(path: path, study: "").stem
        return SourceFile(
            path: path, study: study(stem), fault: fault, isUnlisted: listed[PathText(path)] == nil,
            stamp: stamp)
    }
    let walked = try walk(folder + "/" + prefix + "Videos", prefix: prefix + "Videos/")
    let there = walked.map {
        file($0.path, fault: $0.fault, stamp: $0.stamp)
    }
    let met = Set(walked.map { PathText($0.path) })
    let gone = listed.filter { !met.contains($0.key) }.values.map { path in
        file(path, fault: Rejection(.missing, "the file list names it, and it is not there"))
    }
    let name = prefix + "FileList.csv"
    let source = Plan.FileList(
        path: name, sha256: try sha256(ofFile: folder + "/" + name).hex, folder: prefix + "Videos/")
    return (there + gone, list, source)
}
