// Labels for other programs: a wide table as csv or Parquet, or the label files of MEDS.

package import Catalog
import EchoCore
import Files
import Foundation
import GRDB

/// A format that labels leave in.
package enum LabelFormat: String, Sendable, CaseIterable {
    /// One table: a row a labelled study, a column a target.
    case csv, parquet
    /// A folder as the Medical Event Data Standard 0.4 has it: a folder of labels a target, splits, codes.
    case meds
}

/// Writes the labels of a dataset.
///
/// - Parameters:
///   - selection: the studies written; of decisions those whose clips are not all excluded, and what was answered of studies
///     as columns `review:FIELD=CHOICE`
///   - path: the file, or for `.meds` the folder
///   - isShared: without numbers, stays and times, and without targets of few people
/// - Returns: the paths written, and what the studies were chosen by, a sentence each
/// - Throws: `EchoError` where another export writes to the folder, or it holds other things
package func exportLabels(
    dataset: String, keeping selection: Selection = Selection(), to path: String, format: LabelFormat,
    isShared: Bool = false
) throws -> (paths: [String], told: [String]) {
    guard !isShared || format != .meds else {
        throw EchoError(
            "--share", "MEDS has the time of each study, which is not to be shared",
            try: "--format csv or parquet")
    }
    let catalog = try Catalog(datasetFolder: dataset, keeping: selection)
    let targets = try catalog.targets()
    if targets.isEmpty {
        throw EchoError("--dataset", "has no targets", try: "run echoprep link-icd on it first")
    }
    if format == .meds {
        let paths = try catalog.read { db in
            try writeMEDS(db, targets: targets, where: catalog.isExported, to: path)
        }
        return (paths, try catalog.told())
    }
    var table = try ExportTable.labels(of: catalog, targets: targets)
    if isShared { table = table.shared(targets: targets.map(\.category)) }
    try writeFile(path, format == .csv ? Array(table.csv.utf8) : table.parquet())
    return ([path], try catalog.told())
}

extension Catalog {
    /// A condition on the row `s` of `echo_study`; "1" where all leave.
    fileprivate var isExported: String {
        let conditions = [isInCohort("s.study_id", isNumber: true), isLeft("s.study_id")].filter { $0 != "1" }
        return conditions.isEmpty ? "1" : conditions.joined(separator: " AND ")
    }
}

extension ExportTable {
    /// Labelled studies in wide form, in order of their numbers; a label that is not known is missing. What people answered
    /// of studies stands behind, where their decisions hold.
    static func labels(of catalog: Catalog, targets: [Target]) throws -> ExportTable {
        func isChoice(_ target: String) -> Bool { LabelField.name(ofTarget: target) != nil }
        let answers = catalog.decisions == nil ? [] : try catalog.targets(of: LabelSource.review)
        let columns =
            targets.map { "m.\(Catalog.identifier($0.category))" }
            + answers.map { target in
                """
                (SELECT \(isChoice(target) ? "CAST(l.value AS INTEGER)" : "l.value") FROM label l WHERE l.source = '\(LabelSource.review)' AND l.unit = 'study'
                    AND l.target = \(Catalog.quoted(target)) AND l.key = CAST(m.study_id AS TEXT))
                """
            }
        return try catalog.read { db in
            try ExportTable(
                db,
                columns: [
                    Column("study_id", .integer), Column("subject_id", .integer),
                    Column("hadm_id", .integer, optional: true), Column("study_datetime", .timestamp),
                    Column("split", .text, optional: true),
                ] + targets.map { Column($0.category, .boolean, optional: true) }
                    + answers.map {
                        Column(
                            "\(LabelSource.review):\($0)", isChoice($0) ? .boolean : .real, optional: true)
                    },
                sql: """
                    SELECT m.study_id, m.subject_id, a.hadm_id, s.study_datetime, m.split, \(columns.joined(separator: ", "))
                    FROM (\(Catalog.labelMatrix(targets.map(\.category)))) m
                    JOIN echo_study s ON s.study_id = m.study_id
                    LEFT JOIN study_admission a ON a.study_id = m.study_id AND a.chosen = 1
                    WHERE \(catalog.isExported) ORDER BY m.study_id
                    """)
        }
    }
}

private func writeMEDS(
    _ db: Database, targets: [Target], where condition: String, to folder: String
) throws -> [String] {
    // A task is a folder of its name.
    if let odd = targets.firstIndex(where: { !isPlainName($0.category) }) {
        throw EchoError(
            "--format meds", "the name of target \(odd + 1) cannot be that of a folder", try: "--format csv")
    }
    try makeFolder(folder)
    guard let lock = try FileLock.take(folder + "/.export.lock") else {
        throw EchoError("OUT", "another echoprep export is writing to it", try: "wait for it")
    }
    try checkIsMEDS(folder)
    try makeFolder(folder + "/metadata")
    var written: [String] = []
    func write(_ name: String, _ bytes: [UInt8]) throws {
        try writeFile("\(folder)/\(name)", bytes)
        written.append("\(folder)/\(name)")
    }
    for target in targets {
        let table = try ExportTable(
            db,
            columns: [
                .init("subject_id", .integer), .init("prediction_time", .timestamp),
                .init("boolean_value", .boolean),
            ],
            sql: """
                SELECT l.subject_id, s.study_datetime, l.value FROM v_label l
                JOIN echo_study s ON s.study_id = l.study_id
                WHERE l.category = \(Catalog.quoted(target.category)) AND l.value IS NOT NULL AND \(condition)
                ORDER BY l.subject_id, s.study_datetime, l.study_id
                """)
        // A task is a folder: readers look for labels/TASK/**/*.parquet.
        try makeFolder("\(folder)/labels/\(target.category)")
        try write("labels/\(target.category)/0.parquet", table.parquet())
    }
    try removeLabels(of: folder, except: Set(targets.map(\.category)))
    let subjects =
        condition == "1"
        ? condition : "subject_id IN (SELECT s.subject_id FROM echo_study s WHERE \(condition))"
    let splits = try ExportTable(
        db, columns: [.init("subject_id", .integer), .init("split", .text)],
        sql: """
            SELECT subject_id, CASE split WHEN 'val' THEN 'tuning' WHEN 'test' THEN 'held_out' ELSE split END
            FROM split WHERE \(subjects) ORDER BY subject_id
            """)
    try write("metadata/subject_splits.parquet", splits.parquet())
    let codes = try ExportTable(
        db, columns: [.init("code", .text), .init("description", .text, optional: true)],
        sql: "SELECT 'ICD10CM/' || category, title FROM target ORDER BY idx")
    try write("metadata/codes.parquet", codes.parquet())
    var metadata = [
        "dataset_name": "MIMIC-IV-ECHO, ICD-10-CM labels", "etl_name": "echoprep",
        "etl_version": programVersion, "meds_version": "0.4.1",
    ]
    metadata["dataset_version"] = try String.fetchOne(
        db, sql: "SELECT version FROM source_file WHERE role = 'echo-study-list' ORDER BY run_id DESC LIMIT 1"
    )
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try write("metadata/dataset.json", Array(try encoder.encode(metadata)) + [0x0A])
    _ = consume lock
    return written
}

/// - Throws: `EchoError` for a folder with label files that no export of ours has written
private func checkIsMEDS(_ folder: String) throws {
    guard FileManager.default.fileExists(atPath: folder + "/labels") else { return }
    let text = try? readFile(folder + "/metadata/dataset.json", upTo: 1 << 20)
    let said = text.flatMap { try? JSONDecoder().decode([String: String].self, from: Data($0)) }
    guard said?["etl_name"] == "echoprep" else {
        throw EchoError(
            "OUT", "holds label files that are not from here", try: "name another folder, which may be new")
    }
}

/// Removes the label files of targets that an earlier export had and this one has not: readers would take them for labels.
private func removeLabels(of folder: String, except targets: Set<String>) throws {
    for entry in try entries(ofFolder: folder + "/labels") where entry.kind == .folder {
        let old = "\(folder)/labels/\(entry.name)"
        guard !targets.contains(entry.name), try entries(ofFolder: old).map(\.name) == ["0.parquet"] else {
            continue
        }
        try removeFile(old + "/0.parquet")
        try FileManager.default.removeItem(atPath: old)
    }
}
