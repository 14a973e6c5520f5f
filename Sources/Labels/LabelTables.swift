// The rows of the label tables of schemas/labels.sql, written inside a transaction of the caller.

import EchoCore
import GRDB

/// Writes the labels of one run into empty tables.
struct LabelTables {
    let labels: Labels
    let options: LinkOptions
    let run: Int64
    let db: Database

    private var cohort: Cohort { labels.cohort }

    /// Rows come after what they refer to.
    func insert() throws {
        try insertSources()
        try insertCohort()
        try insertCodes()
        try insertDiagnoses()
        try insertLabels()
        try createMatrix()
    }

    /// Inserts `rows` into a table; `values` gives them in the order of its columns.
    private func insert<Rows: Sequence>(
        _ rows: Rows, into table: String, columns: Int,
        _ values: (Rows.Element) -> [(any DatabaseValueConvertible)?]
    ) throws {
        let marks = Array(repeating: "?", count: columns).joined(separator: ", ")
        let statement = try db.cachedStatement(sql: "INSERT INTO \(table) VALUES (\(marks))")
        for row in rows { try statement.execute(arguments: StatementArguments(values(row))) }
    }

    private func insertSources() throws {
        try insert(cohort.sources, into: "source_file", columns: 8) {
            [nil, run, $0.role, $0.path, $0.bytes, $0.sha256, $0.rows, $0.rejects.count]
        }
        for source in cohort.sources {
            try insert(source.rejects, into: "reject", columns: 6) {
                [nil, run, source.role, $0.line, $0.reason, $0.text]
            }
        }
    }

    private func insertCohort() throws {
        try insert(cohort.patients, into: "patients", columns: 6) {
            [$0.subject, $0.gender, $0.anchorAge, $0.anchorYear, $0.anchorYearGroup, $0.dateOfDeath]
        }
        try insert(cohort.stays.values.joined().sorted { $0.hadm < $1.hadm }, into: "admissions", columns: 9)
        {
            [
                $0.hadm, $0.subject, $0.admittime.description, $0.dischtime.description,
                $0.deathtime?.description, $0.edregtime?.description, $0.edouttime?.description,
                $0.admissionType, $0.hospitalExpireFlag,
            ]
        }
        try insert(cohort.studies, into: "echo_study", columns: 4) {
            [$0.id, $0.subject, $0.time?.description, $0.measurement]
        }
        try insert(cohort.records, into: "echo_record", columns: 4) {
            [$0.path, $0.study, $0.subject, $0.acquired?.description]
        }
        try insert(cohort.measurements, into: "structured_measurement", columns: 9) {
            [
                nil, $0.id, $0.time?.description, $0.testType, $0.name, $0.description, $0.result, $0.unit,
                $0.value,
            ]
        }
        try insert(labels.split.sorted { $0.key < $1.key }, into: "split", columns: 2) {
            [$0.key, $0.value.rawValue]
        }
    }

    private func insertCodes() throws {
        let release = ICD10CM.current
        let order = cohort.codes.indices.sorted { cohort.codes[$0] < cohort.codes[$1] }
        try insert(order, into: "icd_code", columns: 5) { place in
            let code = cohort.codes[place]
            let isTen = code.version == 10
            let title = isTen ? release.node(code: code.text)?.title : nil
            return [
                code.text, code.version, labels.statuses[place].rawValue,
                isTen ? release.category(of: code.text) : nil, title ?? cohort.titles[place],
            ]
        }
        for place in order {
            try insert(labels.codeLabels[place], into: "code_label", columns: 3) {
                [cohort.codes[place].text, cohort.codes[place].version, $0]
            }
        }
        let mappings = cohort.mappings.sorted { $0.key < $1.key }.flatMap(\.value)
        try insert(mappings, into: "icd9_map", columns: 8) {
            [nil, $0.source, $0.target, $0.approximate, $0.noMap, $0.combination, $0.scenario, $0.choiceList]
        }
        // Chapters, blocks and categories, and what is between them and the codes in use.
        var nodes = release.nodes.filter { $0.level != .subcategory }
        var known = Set<String>()
        for code in cohort.codes.filter({ $0.version == 10 }).map(\.text) + mappings.compactMap(\.target) {
            for node in release.path(to: code) where node.level == .subcategory {
                if known.insert(node.code).inserted { nodes.append(node) }
            }
        }
        try insert(nodes, into: "d_icd10cm", columns: 4) {
            [$0.code, $0.level.rawValue, $0.parent, $0.title]
        }
    }

    private func insertDiagnoses() throws {
        for stay in cohort.stays.values.joined().sorted(by: { $0.hadm < $1.hadm }) {
            try insert(cohort.diagnoses[stay.hadm] ?? [], into: "diagnoses_icd", columns: 5) {
                let code = cohort.codes[$0.code]
                return [stay.subject, stay.hadm, $0.seqNum, code.text, code.version]
            }
        }
    }

    private func insertLabels() throws {
        for labelling in labels.labellings {
            let study = labelling.study.id
            try insert(labelling.candidates, into: "study_admission", columns: 5) {
                [study, $0.hadm, $0.hoursSinceAdmission, $0.hoursToDischarge, $0.chosen]
            }
            try insert(labelling.categories, into: "study_category", columns: 4) {
                [study, $0.category, $0.codes, $0.firstSeqNum]
            }
        }
        try insert(labels.labellings, into: "study_status", columns: 3) {
            [$0.study.id, $0.status.rawValue, $0.nearestStayHours]
        }
        let level = options.labels.level
        try insert(labels.targets.enumerated(), into: "target", columns: 7) { index, target in
            let title = ICD10CM.current.path(to: target.category, at: level).last?.title
            return [
                index, target.category, title, target.positives, target.prevalence,
                options.labels.knownAt.rawValue, target.reference,
            ]
        }
    }

    /// The labels in wide form: one row a labelled study, one column a target.
    private func createMatrix() throws {
        let columns = labels.targets.map {
            ", coalesce(max(c.category = '\($0.category)'), 0) AS \"\($0.category)\""
        }
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
}
