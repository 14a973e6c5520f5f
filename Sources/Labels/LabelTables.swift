// The rows of the label tables of schemas/labels.sql, written inside a transaction of the caller.

import Catalog
import EchoCore
import GRDB

/// Writes the labels of one run.
struct LabelTables {
    let db: Database
    let options: LinkOptions

    /// The tables that every run writes anew; rows go before what they refer to.
    static let names = [
        "target", "paper_prevalence", "split", "study_category", "study_status", "study_admission",
        "structured_measurement",
        "echo_record", "echo_study", "diagnoses_icd", "icd9_map", "code_label", "icd_code", "admissions",
        "patients", "d_icd10cm",
    ]

    /// Whether a table, or a source's labels in it, is written anew.
    static func writes(_ table: String, _ part: String) -> Bool {
        names.contains(table)
            || table == "label" && [LabelSource.linkICD, LabelSource.measurements].contains(part)
    }

    /// Removes all labels.
    func clear() throws {
        // The record list's index does not fit into the two megabytes that SQLite takes by itself.
        try db.execute(sql: "PRAGMA cache_size = -5000")
        try db.execute(sql: "DROP VIEW IF EXISTS label_matrix")
        for table in Self.names {
            try Catalog.willReplace(db, table)
            try db.execute(sql: "DELETE FROM \(table)")
        }
    }

    /// Copies the record list from its file; rows that belong to no study of the study list are rejects.
    func insertRecords(of table: SourceTable, studies: [EchoStudy]) throws -> Reading<Void> {
        let conveyor = Conveyor<[EchoRecord]>(capacity: 4)
        let reading = Background.beside {
            defer { conveyor.finish() }
            return try CohortTables.readRecords(table, studies: studies, conveyor.put)
        }
        guard let reading else { throw EchoError.noThread }
        defer { conveyor.finish() }
        var repeated: [RejectedRow] = []
        while let records = conveyor.take() {
            func isLeftOut(_ row: Int) {
                let reason = "repeats a dicom_filepath"
                repeated.append(
                    RejectedRow(line: records[row].line, reason: reason, text: records[row].path))
            }
            try Inserter.fill(db, "echo_record", columns: 4, leavingOut: isLeftOut) { rows in
                for record in records {
                    try rows.add(record.study).add(record.path).add(record.subject).add(record.acquired)
                        .insert()
                }
            }
        }
        var read = try reading.value()
        read.rejects = (read.rejects + repeated).sorted { $0.line < $1.line }
        return read
    }

    /// Everything but the record list: rows come after what they refer to, and last of all the labels made of them.
    func insert(_ labels: Labels, run: Int64) throws {
        try insertCohort(labels)
        try withoutIndexes(of: ["d_icd10cm", "diagnoses_icd", "study_category"]) {
            try insertCodes(labels)
            try insertDiagnoses(labels.cohort)
            try insertLabels(labels)
        }
        for source in LabelSource.written(by: "link-icd") {
            try Catalog.replaceLabels(db, of: source, run: run)
        }
        try Catalog.createLabelMatrix(db)
    }

    /// Fills long tables before their indexes are made: one sort each, in place of a search for every row.
    private func withoutIndexes(of tables: [String], _ fill: () throws -> Void) throws {
        let marks = databaseQuestionMarks(count: tables.count)
        let indexes = try Row.fetchAll(
            db,
            sql:
                "SELECT name, sql FROM sqlite_schema WHERE sql LIKE 'CREATE INDEX %' AND tbl_name IN (\(marks))",
            arguments: StatementArguments(tables))
        let named: [(name: String, sql: String)] = try indexes.map { row in try (row.value(0), row.value(1)) }
        for index in named { try db.execute(sql: "DROP INDEX \(Catalog.identifier(index.name))") }
        try fill()
        for index in named { try db.execute(sql: index.sql) }
    }

    /// The record of the files read.
    func insert(
        _ files: [TableFile], counts: [String: (rows: Int, rejects: [RejectedRow])], run: Int64
    ) throws {
        let run = Int(run)
        try fill("source_file", columns: 9) { rows in
            for file in files {
                let (read, bad) = counts[file.role] ?? (0, [])
                try rows.addNull().add(run).add(file.role).add(file.path).add(file.bytes).add(file.sha256)
                    .add(read).add(Set(bad.lazy.map(\.line)).count).add(file.version).insert()
            }
        }
        try fill("reject", columns: 6) { rows in
            for file in files {
                for reject in counts[file.role]?.rejects ?? [] {
                    try rows.addNull().add(run).add(file.role).add(reject.line).add(reject.reason)
                        .add(reject.text).insert()
                }
            }
        }
    }

    private func fill(_ table: String, columns: Int, _ body: (Inserter) throws -> Void) throws {
        try Inserter.fill(db, table, columns: columns, body)
    }

    private func insertCohort(_ labels: Labels) throws {
        let cohort = labels.cohort
        try fill("patients", columns: 6) { rows in
            for row in cohort.patients {
                try rows.add(row.subject).add(row.gender).add(row.anchorAge).add(row.anchorYear)
                    .add(row.anchorYearGroup).add(row.dateOfDeath?.date).insert()
            }
        }
        try fill("admissions", columns: 12) { rows in
            for stay in cohort.stays.values.joined().sorted(by: { $0.hadm < $1.hadm }) {
                try rows.add(stay.hadm).add(stay.subject).add(stay.admittime).add(stay.dischtime)
                    .add(stay.deathtime).add(stay.edregtime).add(stay.edouttime).add(stay.admissionType)
                    .add(stay.hospitalExpireFlag).add(stay.insurance).add(stay.language).add(stay.race)
                    .insert()
            }
        }
        try fill("echo_study", columns: 4) { rows in
            for study in cohort.studies {
                try rows.add(study.id).add(study.subject).add(study.time).add(study.measurement).insert()
            }
        }
        try fill("structured_measurement", columns: 9) { rows in
            for row in cohort.measurements {
                try rows.addNull().add(row.id).add(row.time).add(row.testType).add(row.name)
                    .add(row.description).add(row.result).add(row.unit).add(row.value).insert()
            }
        }
        try fill("split", columns: 2) { rows in
            for (subject, split) in labels.split.sorted(by: { $0.key < $1.key }) {
                try rows.add(subject).add(split.rawValue).insert()
            }
        }
    }

    private func insertCodes(_ labels: Labels) throws {
        let release = ICD10CM.current
        let cohort = labels.cohort
        let inOrder = cohort.codes.indices.sorted { cohort.codes[$0] < cohort.codes[$1] }
        try fill("icd_code", columns: 5) { rows in
            for place in inOrder {
                let code = cohort.codes[place]
                let isTen = code.version == 10
                let title = isTen ? release.node(code: code.text)?.title : nil
                try rows.add(code.text).add(code.version).add(labels.statuses[place].rawValue)
                    .add(isTen ? release.category(of: code.text) : nil).add(title ?? cohort.titles[place])
                    .insert()
            }
        }
        try fill("code_label", columns: 3) { rows in
            for place in inOrder {
                let code = cohort.codes[place]
                for label in labels.codeLabels[place] {
                    try rows.add(code.text).add(code.version).add(label).insert()
                }
            }
        }
        let mappings = cohort.mappings.sorted { $0.key < $1.key }.flatMap(\.value)
        try fill("icd9_map", columns: 8) { rows in
            for map in mappings {
                try rows.addNull().add(map.source).add(map.target).add(map.approximate).add(map.noMap)
                    .add(map.combination).add(map.scenario).add(map.choiceList).insert()
            }
        }
        let used = cohort.codes.filter { $0.version == 10 }.map(\.text) + mappings.compactMap(\.target)
        try fill("d_icd10cm", columns: 4) { rows in
            for node in release.nodes(downTo: used) {
                try rows.add(node.code).add(node.level.rawValue).add(node.parent).add(node.title).insert()
            }
        }
    }

    private func insertDiagnoses(_ cohort: CohortTables) throws {
        try fill("diagnoses_icd", columns: 6) { rows in
            for stay in cohort.stays.values.joined().sorted(by: { $0.hadm < $1.hadm }) {
                for (place, diagnosis) in (cohort.diagnoses[stay.hadm] ?? []).enumerated() {
                    let code = cohort.codes[diagnosis.code]
                    try rows.add(stay.hadm).add(place + 1).add(diagnosis.seqNum).add(code.text)
                        .add(code.version).add(stay.subject).insert()
                }
            }
        }
    }

    private func insertLabels(_ labels: Labels) throws {
        try fill("study_admission", columns: 5) { rows in
            for labelling in labels.labellings {
                for row in labelling.candidates {
                    try rows.add(labelling.study.id).add(row.hadm).add(row.hoursSinceAdmission)
                        .add(row.hoursToDischarge).add(row.chosen).insert()
                }
            }
        }
        try fill("study_category", columns: 4) { rows in
            for labelling in labels.labellings {
                for row in labelling.categories {
                    try rows.add(labelling.study.id).add(row.category).add(row.codes).add(row.firstSeqNum)
                        .insert()
                }
            }
        }
        try fill("study_status", columns: 4) { rows in
            for labelling in labels.labellings {
                try rows.add(labelling.study.id).add(labelling.status.rawValue)
                    .add(labelling.nearestStayHours).add(labelling.isAfterDeath).insert()
            }
        }
        try fill("target", columns: 7) { rows in
            for (index, target) in labels.targets.enumerated() {
                let path = ICD10CM.current.path(to: target.category, at: options.labels.level)
                try rows.add(index).add(target.category).add(path.last?.title).add(target.positives)
                    .add(target.prevalence).add(options.labels.knownAt.rawValue).add(target.reference)
                    .insert()
            }
        }
        try fill("paper_prevalence", columns: 4) { rows in
            for row in PaperPrevalence.rows {
                try rows.add(row.category).add(row.percent).add(row.studies).add(PaperPrevalence.labelled)
                    .insert()
            }
        }
    }
}

extension Inserter {
    fileprivate func add(_ time: Timestamp?) -> Inserter { add(time?.description) }
}
