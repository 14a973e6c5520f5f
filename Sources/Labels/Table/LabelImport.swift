// Labels of one's own: a csv file with a row a study becomes a source of the one label table.

import Catalog
import EchoCore
import Files
import GRDB

/// What `echoprep label import` did.
package struct ImportSummary: Codable, Sendable, Equatable {
    package let name: String
    /// For each target, in the order of the file's columns: studies with a value, and with none.
    package let targets: [Target]
    /// Rows of studies that the dataset has, and of others, which are kept as well.
    package let studies: Int, others: Int

    package struct Target: Codable, Sendable, Equatable {
        package let name: String
        package let known: Int, unknown: Int
    }

    /// The lines that `label import` prints.
    package var text: String {
        let lines = targets.map { "  \($0.name): \(grouped($0.known)) known, \(grouped($0.unknown)) unknown" }
        let rest = others == 0 ? "" : ", and \(grouped(others)) that the dataset does not have"
        return (["\(name): \(grouped(studies)) studies of the dataset\(rest)"] + lines).joined(
            separator: "\n")
    }
}

/// Puts the labels of a csv file, plain or gzipped, into the table `label` as the source `name`, in place of those that it
/// had there.
///
/// The file has a column `study_id` or `study_key` and a column a target; a value is a number, or empty for *unknown*.
///
/// - Throws: `EchoError` for a file that is none of these; then nothing is changed
package func importLabels(
    dataset: String, file: String, name: String, commandLine: String
) throws -> ImportSummary {
    let own = LabelSource.all.map(\.name)
    guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) })
    else { throw EchoError("--name", "is not made of letters, digits, - and _", try: "--name gls") }
    guard !own.contains(name) else {
        throw EchoError("--name \(name)", "is a source of echoprep's own", try: "choose another name")
    }
    let table = try LabelFile(file)
    let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
    let known = Set(try catalog.studies().map(\.key))
    let studies = table.keys.count { known.contains($0) }
    guard studies > 0 else {
        throw EchoError(
            FileName.last(file), "names no study that the dataset has clips of",
            try: "its first column are study numbers, or folders of clips, as `study_key` in the table clip")
    }
    try catalog.write { db in
        let run = try Catalog.insertRun(
            db, "label import", commandLine: commandLine,
            rules: ["name": name, "columns": table.targets.joined(separator: ",")])
        try db.execute(sql: "DELETE FROM label WHERE source = ?", arguments: [name])
        try db.execute(sql: "INSERT OR REPLACE INTO label_source VALUES (?, ?)", arguments: [name, run])
        let rows = try Inserter(db, table: "label", columns: 5)
        for (place, target) in table.targets.enumerated() {
            for (key, values) in zip(table.keys, table.values) {
                try rows.add(name).add(LabelSource.Unit.study.rawValue).add(target).add(key)
                    .add(values[place]).insert()
            }
        }
        try Catalog.finishRun(db, run)
    }
    return ImportSummary(
        name: name,
        targets: table.targets.enumerated().map { place, target in
            let known = table.values.count { $0[place] != nil }
            return .init(name: target, known: known, unknown: table.values.count - known)
        }, studies: studies, others: table.keys.count - studies)
}

/// The rows of such a file.
private struct LabelFile {
    let targets: [String]
    private(set) var keys: [String] = []
    /// A number a target; nil where it is not known.
    private(set) var values: [[Double?]] = []

    init(_ path: String) throws {
        let table = try CSVReader(path), place = FileName.last(path)
        let names = ["study_id", "study_key"].filter(table.header.contains)
        guard let key = names.first, names.count == 1 else {
            throw EchoError(
                place, "has neither or both of the columns study_id and study_key",
                try: "a row a study: study_id,gls")
        }
        targets = table.header.filter { $0 != key && $0 != "subject_id" }
        guard !targets.isEmpty else {
            throw EchoError(place, "has no column with labels", try: "a row a study: study_id,gls")
        }
        var seen: Set<String> = []
        try table.forEachRow([key] + targets) { row in
            let line = "\(place): line \(row.line)"
            guard row.isWhole else { throw EchoError(line, "not as many fields as the header has") }
            let study = row.text(0)
            guard !study.isEmpty, seen.insert(study).inserted else {
                throw EchoError(line, study.isEmpty ? "names no study" : "names a study a second time")
            }
            keys.append(study)
            values.append(
                try targets.indices.map { index in
                    if row.isEmpty(index + 1) { return nil }
                    guard let value = decimalNumber(row.text(index + 1)) else {
                        throw EchoError(
                            line, "a label of \(targets[index]) that is no number",
                            try: "leave it empty where it is not known")
                    }
                    return value
                })
        }
    }
}

/// A file as messages show it.
private enum FileName {
    static func last(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
