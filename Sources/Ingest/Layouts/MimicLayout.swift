// MIMIC-IV-ECHO as PhysioNet publishes it: files/pNN/pSUBJECT/sSTUDY/STUDY_NNNN.dcm and echo-record-list.csv.

import EchoCore
import Files

/// MIMIC-IV-ECHO's layout: the record list says which files there are, the disk says which were downloaded.
///
/// A listed file that is not there becomes a row with the reason `missing`; a file that no list names is read and
/// flagged `unlisted`, with the numbers of its folders. Without a list the folders alone count.
enum MimicLayout: SourceLayout {
    static let name = "mimic-iv-echo"

    static func matches(_ folder: String) throws -> Bool {
        if try recordList(of: folder) != nil { return true }
        let files = folder + "/files"
        let groups = try folderIdentity(files) != nil && isReadable(files) ? entries(ofFolder: files) : []
        return groups.contains { $0.kind == .folder && number($0.name, after: "p") != nil }
    }

    static func plan(_ folder: String) throws -> Plan {
        let listName = try recordList(of: folder)
        let listed = try listName.map { try records($0, in: folder) }
        var files: [SourceFile] = []
        var met: Set<PathText> = []
        // A list without files is a download that has not begun.
        let isThere = try folderIdentity(folder + "/files") != nil
        for file in isThere ? try walk(folder + "/files", prefix: "files/") : [] {
            met.insert(PathText(file.path))
            var source: SourceFile
            if let record = listed?[PathText(file.path)] {
                source = SourceFile(
                    path: file.path, study: String(record.study), studyID: record.study,
                    subjectID: record.subject)
            } else {
                source = unlisted(file.path)
                source.isUnlisted = listed != nil
            }
            source.fault = file.fault
            source.stamp = file.stamp
            files.append(source)
        }
        for (path, record) in listed ?? [:] where !met.contains(path) {
            files.append(
                SourceFile(
                    path: record.path, study: String(record.study), studyID: record.study,
                    subjectID: record.subject,
                    fault: Rejection(.missing, "the record list names it, and it is not there")))
        }
        let lists = try listName.map {
            Plan.FileList(path: $0, sha256: try sha256(ofFile: folder + "/" + $0).hex, folder: "")
        }
        return Plan(layout: name, files: files, namedByStudy: true, fileLists: lists.map { [$0] } ?? [])
    }

    private static func recordList(of folder: String) throws -> String? {
        try ["echo-record-list.csv", "echo-record-list.csv.gz"].first { try isReadable(folder + "/" + $0) }
    }

    private static func records(
        _ name: String, in folder: String
    ) throws -> [PathText: (path: String, study: Int64, subject: Int64)] {
        var records: [PathText: (path: String, study: Int64, subject: Int64)] = [:]
        try CSVReader(folder + "/" + name).forEachRow(["subject_id", "study_id", "dicom_filepath"]) { row in
            let path = row.text(2)
            guard let subject = row.integer(0), let study = row.integer(1), !path.isEmpty else {
                throw EchoError(
                    name, "line \(row.line) has no subject, study or path", try: "download it again")
            }
            guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
                throw EchoError(name, "line \(row.line) names a path outside of the dataset")
            }
            records[PathText(path)] = (path, study, subject)
        }
        return records
    }

    /// A file that the list does not name, with the numbers of the folders it lies in.
    private static func unlisted(_ path: String) -> SourceFile {
        let folders = path.split(separator: "/").dropLast().map(String.init)
        let study = folders.last.flatMap { number($0, after: "s") }
        let subject = folders.dropLast().last.flatMap { number($0, after: "p") }
        let key = study.map { String($0) } ?? folders.joined(separator: "/")
        return SourceFile(path: path, study: key, studyID: study, subjectID: study == nil ? nil : subject)
    }

    private static func number(_ folder: String, after letter: Character) -> Int64? {
        guard folder.first == letter, folder.dropFirst().allSatisfy(\.isNumber) else { return nil }
        return Int64(folder.dropFirst())
    }
}
