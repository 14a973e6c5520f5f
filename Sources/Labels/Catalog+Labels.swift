// The labels in the database: all tables replaced in one transaction, or found to be there already.

import Catalog
import EchoCore
import GRDB

extension Catalog {
    /// The summary of the labels in the database if the same program made them from the same files by the same rules.
    func unchangedLabels(cohort: Cohort, options: LinkOptions) throws(EchoError) -> LinkSummary? {
        guard let last = try lastRun(of: "link-icd"), last.finished, last.rules == options.rules else {
            return nil
        }
        return try read { db in
            let version = try String.fetchOne(
                db, sql: "SELECT program_version FROM run WHERE id = ?", arguments: [last.id])
            let files = try Row.fetchAll(
                db, sql: "SELECT role, sha256 FROM source_file WHERE run_id = ? ORDER BY id",
                arguments: [last.id])
            let same =
                version == programVersion && files.count == cohort.sources.count
                && zip(files, cohort.sources).allSatisfy { $0[0] == $1.role && $0[1] == $1.sha256 }
            return same ? try LinkSummary(db, run: last.id, unchanged: true) : nil
        }
    }

    /// Replaces all labels and adds the record of the run that made them.
    func replaceLabels(with labels: Labels, options: LinkOptions) throws(EchoError) -> LinkSummary {
        try write { db in
            let run = try Catalog.insertRun(
                db, "link-icd", commandLine: options.commandLine, rules: options.rules)
            try db.execute(sql: "DROP VIEW IF EXISTS label_matrix")
            // Rows go before what they refer to.
            for table in [
                "target", "split", "study_category", "study_status", "study_admission", "echo_record",
                "echo_study",
                "diagnoses_icd", "icd_code", "admissions", "patients", "d_icd10cm",
            ] { try db.execute(sql: "DELETE FROM \(table)") }
            try insert(labels.cohort.sources, run: run, into: db)
            try insertCohort(labels, into: db)
            try insertCodes(labels, into: db)
            try insertLabels(labels, into: db)
            try createMatrix(of: labels.targets, in: db)
            try Catalog.finishRun(db, run)
            return try LinkSummary(db, run: run, unchanged: false)
        }
    }
}

/// Inserts `rows` into a table whose columns are given in the order of the schema.
private func insert<Rows: Sequence>(
    _ rows: Rows, into table: String, of db: Database, columns: Int,
    _ values: (Rows.Element) -> [(any DatabaseValueConvertible)?]
) throws {
    let marks = Array(repeating: "?", count: columns).joined(separator: ", ")
    let statement = try db.makeStatement(sql: "INSERT INTO \(table) VALUES (\(marks))")
    for row in rows { try statement.execute(arguments: StatementArguments(values(row))) }
}

private func insert(_ sources: [SourceFile], run: Int64, into db: Database) throws {
    try insert(sources, into: "source_file", of: db, columns: 8) {
        [nil, run, $0.role, $0.path, $0.bytes, $0.sha256, $0.rows, $0.rejects.count]
    }
    for source in sources {
        try insert(source.rejects, into: "reject", of: db, columns: 6) {
            [nil, run, source.role, $0.line, $0.reason, $0.text]
        }
    }
}

private func insertCohort(_ labels: Labels, into db: Database) throws {
    let cohort = labels.cohort
    try insert(cohort.patients, into: "patients", of: db, columns: 6) {
        [$0.subject, $0.gender, $0.anchorAge, $0.anchorYear, $0.anchorYearGroup, $0.dateOfDeath]
    }
    let stays = cohort.stays.values.joined().sorted { $0.hadm < $1.hadm }
    try insert(stays, into: "admissions", of: db, columns: 9) {
        [
            $0.hadm, $0.subject, $0.admittime.description, $0.dischtime.description,
            $0.deathtime?.description,
            $0.edregtime?.description, $0.edouttime?.description, $0.admissionType, $0.hospitalExpireFlag,
        ]
    }
    try insert(cohort.studies, into: "echo_study", of: db, columns: 3) {
        [$0.id, $0.subject, $0.time?.description]
    }
    try insert(cohort.records, into: "echo_record", of: db, columns: 4) {
        [$0.path, $0.study, $0.subject, $0.acquired?.description]
    }
    try insert(labels.split.sorted { $0.key < $1.key }, into: "split", of: db, columns: 2) {
        [$0.key, $0.value.rawValue]
    }
}

private func insertCodes(_ labels: Labels, into db: Database) throws {
    let release = ICD10CM.current
    let cohort = labels.cohort
    let order = cohort.codes.indices.sorted { cohort.codes[$0] < cohort.codes[$1] }
    try insert(order, into: "icd_code", of: db, columns: 4) { place in
        let code = cohort.codes[place]
        let category = code.version == 10 ? release.category(of: code.text) : nil
        return [code.text, code.version, labels.statuses[place].rawValue, category]
    }
    // Chapters, blocks and categories, and what is between them and the codes in use.
    var nodes = release.nodes.filter { $0.level != .subcategory }
    var known = Set<String>()
    for code in cohort.codes where code.version == 10 {
        for node in release.path(to: code.text) where node.level == .subcategory {
            if known.insert(node.code).inserted { nodes.append(node) }
        }
    }
    try insert(nodes, into: "d_icd10cm", of: db, columns: 4) {
        [$0.code, $0.level.rawValue, $0.parent, $0.title]
    }
    for stay in cohort.stays.values.joined().sorted(by: { $0.hadm < $1.hadm }) {
        try insert(cohort.diagnoses[stay.hadm] ?? [], into: "diagnoses_icd", of: db, columns: 5) {
            [stay.subject, stay.hadm, $0.seqNum, cohort.codes[$0.code].text, cohort.codes[$0.code].version]
        }
    }
}

private func insertLabels(_ labels: Labels, into db: Database) throws {
    for labelling in labels.labellings {
        let study = labelling.study.id
        try insert(labelling.candidates, into: "study_admission", of: db, columns: 5) {
            [study, $0.hadm, $0.hoursSinceAdmission, $0.hoursToDischarge, $0.chosen]
        }
        try insert(labelling.categories, into: "study_category", of: db, columns: 4) {
            [study, $0.category, $0.codes, $0.firstSeqNum]
        }
    }
    try insert(labels.labellings, into: "study_status", of: db, columns: 3) {
        [$0.study.id, $0.status.rawValue, $0.nearestStayHours]
    }
    let release = ICD10CM.current
    try insert(labels.targets.enumerated(), into: "target", of: db, columns: 5) {
        let title = release.node(code: $0.element.category)?.title
        return [$0.offset, $0.element.category, title, $0.element.positives, $0.element.prevalence]
    }
}

/// The labels in wide form: one row a labelled study, one column a target.
private func createMatrix(of targets: [TargetRule.Choice], in db: Database) throws {
    let columns = targets.map { ", coalesce(max(c.category = '\($0.category)'), 0) AS \"\($0.category)\"" }
    try db.execute(
        sql: """
            CREATE VIEW label_matrix AS
            SELECT s.study_id, s.subject_id, p.split\(columns.joined())
            FROM study_status st
            JOIN echo_study s ON s.study_id = st.study_id
            LEFT JOIN split p ON p.subject_id = s.subject_id
            LEFT JOIN study_category c ON c.study_id = st.study_id
            WHERE st.status = 'labelled'
            GROUP BY st.study_id
            """)
}

extension LinkSummary {
    /// The summary of a run whose labels are in the database.
    fileprivate init(_ db: Database, run: Int64, unchanged: Bool) throws {
        func counts(_ sql: String, _ arguments: StatementArguments = []) throws -> [String: Int] {
            let rows = try Row.fetchAll(db, sql: sql, arguments: arguments)
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
        }
        let statuses = try counts("SELECT status, count(*) FROM study_status GROUP BY status")
        let splits = try counts(
            """
            SELECT coalesce(p.split, 'none'), count(*) FROM study_status st
            JOIN echo_study s ON s.study_id = st.study_id LEFT JOIN split p ON p.subject_id = s.subject_id
            WHERE st.status = 'labelled' GROUP BY 1
            """)
        let targets = try Row.fetchAll(
            db, sql: "SELECT category, title, n_positive, prevalence FROM target ORDER BY idx")
        self.init(
            studies: statuses.values.reduce(0, +), statuses: statuses, splits: splits,
            targets: targets.map {
                Target(category: $0[0], title: $0[1], positives: $0[2], prevalence: $0[3])
            },
            rejects: try counts(
                "SELECT role, rows_rejected FROM source_file WHERE run_id = ? AND rows_rejected > 0", [run]),
            unchanged: unchanged)
    }
}
