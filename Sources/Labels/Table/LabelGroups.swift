// Phenotypes of one's own: groups of code prefixes (CCSR, phecodes, Elixhauser), looked up in the linked stays.

import Catalog
import EchoCore
import Files
import GRDB

/// Puts a label for each group of a csv file (columns `prefix` and `group`, perhaps `icd_version`) into the table `label`: 1
/// where a diagnosis behind a labelled study begins with one of its prefixes, else 0.
///
/// The stays are those that link-icd has linked, by its rules. A study that it has not labelled has no label here either.
///
/// - Throws: `EchoError` where link-icd has not been run, or for a file that is none of these; then nothing is changed
package func importGroups(dataset: String, file: String, options: ImportOptions) throws -> ImportSummary {
    try checkName(options.name)
    let groups = try CodeGroups(file)
    let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
    return try catalog.writeUnchecked { db in
        guard
            try Int.fetchOne(db, sql: "SELECT count(*) FROM study_status WHERE status = 'labelled'") ?? 0 > 0
        else {
            throw EchoError(
                "--groups", "no study of the dataset is linked to a stay",
                try: "run echoprep link-icd on it first")
        }
        let run = try Catalog.insertRun(
            db, "label import", commandLine: options.commandLine,
            rules: [
                "name": options.name, "unit": LabelSource.Unit.study.rawValue,
                "groups": "\(groups.names.count)",
            ])
        try db.execute(
            sql: "CREATE TEMP TABLE code_group (icd_code TEXT, icd_version INTEGER, name TEXT)")
        try Inserter.fill(db, "temp.code_group", columns: 3) { rows in
            for code in try Row.fetchAll(db, sql: "SELECT icd_code, icd_version FROM icd_code") {
                let code = (text: try code.value(0) as String, version: try code.value(1) as Int)
                for name in groups.names(of: code.text, version: code.version) {
                    try rows.add(code.text).add(code.version).add(name).insert()
                }
            }
        }
        try db.execute(sql: "CREATE INDEX temp.code_group_code ON code_group (icd_code, icd_version)")
        let staged = try StagedLabels(db, source: options.name, unit: .study)
        let found = try Row.fetchAll(db, sql: usedGroups)
        var members: [String: Set<Int>] = [:]
        for row in found { try members[row.value(0), default: []].insert(row.value(1)) }
        let studies = try Int.fetchAll(db, sql: "SELECT study_id FROM study_status WHERE status = 'labelled'")
        for name in groups.names {
            let target = staged.target(name)
            for study in studies {
                try staged.add(
                    target, key: staged.key("\(study)"), members[name]?.contains(study) == true ? 1 : 0,
                    line: 0)
            }
        }
        try staged.finish(run: run, place: groups.place)
        try db.execute(sql: "DROP TABLE temp.code_group")
        try Catalog.finishRun(db, run)
        return try staged.summary(order: groups.names, splits: [:], drawn: false)
    }
}

/// Group and study of every diagnosis of the stays that link-icd used, as `v_evidence` has them.
private let usedGroups = """
    SELECT DISTINCT g.name, a.study_id FROM study_admission a
    JOIN diagnoses_icd d ON d.hadm_id = a.hadm_id
    JOIN code_group g ON g.icd_code = d.icd_code AND g.icd_version = d.icd_version
    WHERE a.chosen = 1 AND (SELECT value FROM v_rule WHERE key = 'as-of') = 'discharge'
    UNION
    SELECT g.name, s.study_id FROM echo_study s
    JOIN admissions a ON a.subject_id = s.subject_id
        AND CASE WHEN a.deathtime > a.dischtime THEN a.deathtime ELSE a.dischtime END < s.study_datetime
    JOIN diagnoses_icd d ON d.hadm_id = a.hadm_id
    JOIN code_group g ON g.icd_code = d.icd_code AND g.icd_version = d.icd_version
    WHERE (SELECT value FROM v_rule WHERE key = 'as-of') = 'study'
    """

/// The prefixes of a file.
private struct CodeGroups {
    let place: String
    /// In the order of the file.
    private(set) var names: [String] = []
    /// Groups by version and prefix.
    private var groups: [ICDCode: Set<String>] = [:]

    init(_ path: String) throws {
        let table = try CSVReader(path)
        place = path.split(separator: "/").last.map(String.init) ?? path
        let hasVersion = table.header.contains("icd_version")
        var seen: Set<String> = []
        try table.forEachRow(["prefix", "group"] + (hasVersion ? ["icd_version"] : [])) { row in
            let line = "\(place): line \(row.line)"
            let name = row.text(1), version = hasVersion ? row.integer(2).map(Int.init) : 10
            guard row.isWhole, !name.isEmpty, printable(name) == name else {
                throw EchoError(line, "names no group")
            }
            guard let version, version == 9 || version == 10 else {
                throw EchoError(line, "icd_version is neither 9 nor 10")
            }
            let prefix = ICDCode(row.text(0), version: version)
            guard !prefix.text.isEmpty, prefix.text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
            else {
                throw EchoError(
                    line, "a prefix that is no beginning of a code",
                    try: "letters and digits, as I50 or E11.2")
            }
            groups[prefix, default: []].insert(name)
            if seen.insert(name).inserted { names.append(name) }
        }
        guard !names.isEmpty else {
            throw EchoError(place, "has no group", try: "the columns prefix and group: I50,heart failure")
        }
    }

    /// The groups that a code (normalised) belongs to.
    func names(of code: String, version: Int) -> Set<String> {
        var found: Set<String> = []
        for length in 1...max(1, min(code.count, 16)) {
            found.formUnion(groups[ICDCode(code.prefix(length), version: version)] ?? [])
        }
        return found
    }
}
