// The cohort out of MIMIC's csv files: only what belongs to the subjects of the study list is kept.

import EchoCore

extension CohortTables {
    /// Reads all tables but the two lists of MIMIC-IV-ECHO, the large ones side by side.
    init(_ sources: Sources, studies: Reading<[EchoStudy]>, options: LinkOptions) throws {
        let subjects = SubjectSet(studies.value.lazy.map(\.subject))
        let patients = Background { try CohortTables.readPatients(sources.patients, of: subjects) }
        let admissions = Background { try CohortTables.readAdmissions(sources.admissions, of: subjects) }
        let diagnoses = Background { try CohortTables.readDiagnoses(sources.diagnoses, of: subjects) }
        self.studies = try take(studies, of: sources.studyList)
        self.patients = try take(try patients.value(), of: sources.patients)
        let stays = try take(try admissions.value(), of: sources.admissions)
        (self.stays, rejectedStays) = (stays.read, stays.rejected)
        var coded = try diagnoses.value()
        keepDiagnosesOfStays(&coded)
        codes = coded.value.codes
        _ = try take(coded, of: sources.diagnoses)
        if options.targets.codes == TargetRule.paper { list = PaperPrevalence.list }
        try readExtras(sources, level: options.labels.level)
    }

    /// What else link-icd may read: reads what is there, and what options name.
    private mutating func readExtras(_ sources: Sources, level: ICD10CM.Level) throws {
        if let table = sources.dictionary { try readTitles(table) }
        if let table = sources.measurements { try readMeasurements(table) }
        if let table = sources.mappings { mappings = try take(try readMappings(table), of: table) }
        if let table = sources.list { list = try take(try ListedCode.read(table, level: level), of: table) }
        if let table = sources.splits {
            let subjects = SubjectSet(studies.lazy.map(\.subject))
            split = try take(try SplitRule.read(table), of: table, limit: 0.5)
                .filter { subjects.contains($0.key) }
        }
    }

    /// Notes how many rows a table had and which were bad, and gives what was read of it.
    ///
    /// - Parameter limit: the share of bad rows that is too much
    /// - Throws: `EchoError` where more of them are bad
    mutating func take<Value>(
        _ reading: Reading<Value>, of table: SourceTable, limit: Double = 0.01
    ) throws(EchoError) -> Value {
        let reading = try reading.checked(table, limit: limit)
        counts[table.role] = (reading.rows, reading.rejects)
        notices += reading.notices
        return reading.value
    }

    /// The studies by their numbers.
    static func readStudies(_ table: SourceTable) throws -> Reading<[EchoStudy]> {
        var seen: Set<Int> = []
        let columns = ["study_id", "subject_id", "study_datetime"]
        var reading = try table.read(columns, optional: ["measurement_id"], into: [EchoStudy]()) {
            studies, row in
            let id = try row.integer(0)
            let subject = try row.integer(1)
            guard seen.insert(id).inserted else {
                throw RowFault(reason: "repeats a study_id", text: "\(id)")
            }
            studies.append(
                EchoStudy(
                    id: id, subject: subject, time: row.optional(2, TableRow.time),
                    measurement: row.optional(3, TableRow.integer)))
        }
        reading.value.sort { $0.id < $1.id }
        return reading
    }

    /// The record list, in pieces: there are seventy files a study.
    static func readRecords(
        _ table: SourceTable, studies: [EchoStudy], _ body: ([EchoRecord]) -> Void
    ) throws -> Reading<Void> {
        let subjects = Dictionary(uniqueKeysWithValues: studies.map { ($0.id, $0.subject) })
        let columns = ["dicom_filepath", "study_id", "subject_id", "acquisition_datetime"]
        var piece: [EchoRecord] = []
        let reading = try table.read(columns, into: ()) { _, row in
            let path = try row.text(0)
            let study = try row.integer(1)
            let subject = try row.integer(2)
            guard let owner = subjects[study] else {
                throw RowFault(reason: "its study_id is not in echo-study-list", text: "\(study)")
            }
            guard owner == subject else {
                throw RowFault(
                    reason: "echo-study-list gives this study to another subject_id", text: "\(study)")
            }
            piece.append(
                EchoRecord(
                    line: row.line, path: path, study: study, subject: subject,
                    acquired: row.optional(3, TableRow.timeText)))
            if piece.count == 512 {
                body(piece)
                piece.removeAll(keepingCapacity: true)
            }
        }
        body(piece)
        return reading
    }

    private static func readPatients(_ table: SourceTable, of subjects: SubjectSet) throws -> Reading<
        [Patient]
    > {
        let columns = ["subject_id", "gender", "anchor_age", "anchor_year", "anchor_year_group", "dod"]
        var seen: Set<Int> = []
        var reading = try table.read(columns, of: subjects, into: [Patient]()) { patients, row in
            let subject = try row.integer(0)
            guard seen.insert(subject).inserted else {
                throw RowFault(reason: "repeats a subject_id", text: "\(subject)")
            }
            patients.append(
                Patient(
                    subject: subject, gender: row.optional(1, TableRow.text),
                    anchorAge: row.optional(2, TableRow.integer),
                    anchorYear: row.optional(3, TableRow.integer),
                    anchorYearGroup: row.optional(4, TableRow.text),
                    dateOfDeath: row.optional(5, TableRow.time)))
        }
        reading.value.sort { $0.subject < $1.subject }
        return reading
    }

    /// The stays of each subject, by hadm_id, and what can be read of those that are rejects.
    private struct Stays: Sendable {
        var read: [Int: [Admission]] = [:]
        var rejected: [Int: [RejectedStay]] = [:]

        mutating func reject(_ row: TableRow) {
            guard let subject = row.readable(0, TableRow.integer) else { return }
            // In a row of more or fewer fields nobody knows which column a value belongs to.
            func time(_ column: Int) -> Timestamp? { row.isWhole ? row.readable(column, TableRow.time) : nil }
            rejected[subject, default: []].append(
                RejectedStay(
                    hadm: row.isWhole ? row.readable(1, TableRow.integer) : nil, admittime: time(2),
                    dischtime: time(3), deathtime: time(4), edregtime: time(5)))
        }
    }

    private static func readAdmissions(_ table: SourceTable, of subjects: SubjectSet) throws -> Reading<Stays>
    {
        let columns = [
            "subject_id", "hadm_id", "admittime", "dischtime", "deathtime", "edregtime", "edouttime",
            "admission_type", "hospital_expire_flag",
        ]
        var seen: Set<Int> = []
        let told = ["insurance", "language", "race"]
        var reading = try table.read(
            columns, optional: told, of: subjects, into: Stays(), rejected: { $0.reject($1) }
        ) { stays, row in
            let subject = try row.integer(0)
            let hadm = try row.integer(1)
            let admittime = try row.time(2)
            let dischtime = try row.time(3)
            guard seen.insert(hadm).inserted else {
                throw RowFault(reason: "repeats a hadm_id", text: "\(hadm)")
            }
            stays.read[subject, default: []].append(
                Admission(
                    hadm: hadm, subject: subject, admittime: admittime, dischtime: dischtime,
                    deathtime: row.optional(4, TableRow.time), edregtime: row.optional(5, TableRow.time),
                    edouttime: row.optional(6, TableRow.time), admissionType: row.optional(7, TableRow.text),
                    hospitalExpireFlag: row.optional(8, TableRow.integer),
                    insurance: row.optional(9, TableRow.text), language: row.optional(10, TableRow.text),
                    race: row.optional(11, TableRow.text)))
        }
        for subject in reading.value.read.keys { reading.value.read[subject]?.sort { $0.hadm < $1.hadm } }
        return reading
    }

    /// Diagnoses as they are read, before the stays that they belong to are known.
    private struct Coded: Sendable {
        struct Row: Sendable {
            let subject: Int, hadm: Int, line: Int
            let diagnosis: Diagnosis
        }

        var rows: [Row] = []
        var codes: [ICDCode] = []
    }

    private static func readDiagnoses(_ table: SourceTable, of subjects: SubjectSet) throws -> Reading<Coded>
    {
        let columns = ["subject_id", "hadm_id", "seq_num", "icd_code", "icd_version"]
        var places: [ICDCode: Int] = [:]
        return try table.read(columns, of: subjects, into: Coded()) { coded, row in
            let subject = try row.integer(0)
            let hadm = try row.integer(1)
            let version = try row.integer(4)
            let code = ICDCode(try row.text(3), version: version)
            guard version == 9 || version == 10 else {
                throw RowFault(reason: "icd_version is neither 9 nor 10", text: "\(version)")
            }
            let place = places[code] ?? coded.codes.count
            if place == coded.codes.count {
                places[code] = place
                coded.codes.append(code)
            }
            let diagnosis = Diagnosis(seqNum: row.optional(2, TableRow.integer), code: place)
            coded.rows.append(Coded.Row(subject: subject, hadm: hadm, line: row.line, diagnosis: diagnosis))
        }
    }

    /// Hands each diagnosis to its stay; those of no stay, and repeated ones, are rejects.
    private mutating func keepDiagnosesOfStays(_ coded: inout Reading<Coded>) {
        var owners: [Int: Int] = [:]
        for stay in stays.values.joined() { owners[stay.hadm] = stay.subject }
        let lost = Set(rejectedStays.values.joined().compactMap(\.hadm))
        for row in coded.value.rows {
            if owners[row.hadm] == nil, lost.contains(row.hadm) {
                let reason = "its stay is a reject of admissions"
                coded.rejects.append(
                    RejectedRow(line: row.line, reason: reason, text: "\(row.hadm)", isConsequence: true))
            } else if owners[row.hadm] != row.subject {
                let reason = "its hadm_id is not a stay of that subject_id in admissions"
                coded.rejects.append(RejectedRow(line: row.line, reason: reason, text: "\(row.hadm)"))
            } else if diagnoses[row.hadm]?.contains(row.diagnosis) == true {
                let text = coded.value.codes[row.diagnosis.code].text
                coded.rejects.append(
                    RejectedRow(line: row.line, reason: "repeats a diagnosis of its stay", text: text))
            } else {
                diagnoses[row.hadm, default: []].append(row.diagnosis)
            }
        }
        coded.rejects.sort { $0.line < $1.line }
        coded.value.rows = []
        let codes = coded.value.codes
        for hadm in diagnoses.keys {
            diagnoses[hadm]?.sort { ($0.order, codes[$0.code]) < ($1.order, codes[$1.code]) }
        }
    }

    /// Titles of the codes in use that the release does not know: those of ICD-9, and retired ones.
    private mutating func readTitles(_ table: SourceTable) throws {
        let release = ICD10CM.current
        var places: [ICDCode: Int] = [:]
        for (place, code) in codes.enumerated()
        where code.version == 9 || release.node(code: code.text) == nil {
            places[code] = place
        }
        if places.isEmpty { return }
        let columns = ["icd_code", "icd_version", "long_title"]
        let reading = try table.read(columns, into: [Int: String]()) { titles, row in
            let code = ICDCode(try row.text(0), version: try row.integer(1))
            if let place = places[code] { titles[place] = try row.text(2) }
        }
        titles = try take(reading, of: table)
    }
}
