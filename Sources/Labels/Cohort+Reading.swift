// The cohort out of MIMIC's csv files: only what belongs to the subjects of the study list is kept.

import EchoCore
import Foundation

extension Cohort {
    /// Reads the tables of both folders, and the files that the options name.
    ///
    /// - Parameters:
    ///   - echo: the folder of MIMIC-IV-ECHO
    ///   - hosp: the folder of MIMIC-IV, or `hosp` within
    init(echo: String, hosp: String, options: LinkOptions) throws {
        func find(_ name: String, in folder: String, option: String) throws(EchoError) -> SourceTable {
            guard let table = SourceTable(name, in: folder, subfolders: ["hosp"]) else {
                throw EchoError(
                    option, "there is no \(name).csv or \(name).csv.gz in that folder",
                    try: "check the path, or download the file again")
            }
            return table
        }
        let studyList = try find("echo-study-list", in: echo, option: "--echo")
        let recordList = try find("echo-record-list", in: echo, option: "--echo")
        let patients = try find("patients", in: hosp, option: "--mimic-iv")
        let admissions = try find("admissions", in: hosp, option: "--mimic-iv")
        let diagnoses = try find("diagnoses_icd", in: hosp, option: "--mimic-iv")
        try readStudies(studyList)
        try readRecords(recordList)
        let subjects = Set(studies.map(\.subject))
        try readPatients(patients, of: subjects)
        try readAdmissions(admissions, of: subjects)
        try readDiagnoses(diagnoses, of: subjects)
        if let table = SourceTable("d_icd_diagnoses", in: hosp, subfolders: ["hosp"]) {
            try readTitles(table)
        }
        if let table = SourceTable("structured-measurement", in: echo) { try readMeasurements(table) }
        if let path = options.labels.gem { try readMappings(path) }
        if let path = options.targets.codes { try readList(path, level: options.labels.level) }
        if let path = options.split.file { try readSplits(path, of: subjects) }
    }

    /// Reads one table and keeps the record of it.
    mutating func read(
        _ table: SourceTable, _ columns: [String], optional: [String] = [],
        _ body: (inout Cohort, inout TableRow) throws(RowFault) -> Void
    ) throws {
        var source = try table.examine()
        (source.rows, source.rejects) = try table.forEachRow(columns, optional: optional) {
            (row) throws(RowFault) in
            try body(&self, &row)
        }
        sources.append(source)
    }

    private mutating func readStudies(_ table: SourceTable) throws {
        var seen: Set<Int> = []
        let columns = ["study_id", "subject_id", "study_datetime"]
        try read(table, columns, optional: ["measurement_id"]) { (cohort, row) throws(RowFault) in
            let id = try row.integer(0)
            let subject = try row.integer(1)
            guard seen.insert(id).inserted else {
                throw RowFault(reason: "repeats a study_id", text: "\(id)")
            }
            cohort.studies.append(
                Study(
                    id: id, subject: subject, time: row.optional(2, TableRow.time),
                    measurement: row.optional(3, TableRow.integer)))
        }
        studies.sort { $0.id < $1.id }
    }

    private mutating func readRecords(_ table: SourceTable) throws {
        let columns = ["dicom_filepath", "study_id", "subject_id", "acquisition_datetime"]
        let subjects = Dictionary(uniqueKeysWithValues: studies.map { ($0.id, $0.subject) })
        var seen: Set<String> = []
        try read(table, columns) { (cohort, row) throws(RowFault) in
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
            guard seen.insert(path).inserted else {
                throw RowFault(reason: "repeats a dicom_filepath", text: path)
            }
            cohort.records.append(
                EchoRecord(
                    path: path, study: study, subject: subject, acquired: row.optional(3, TableRow.time)))
        }
        records.sort { $0.path < $1.path }
    }

    private mutating func readPatients(_ table: SourceTable, of subjects: Set<Int>) throws {
        let columns = ["subject_id", "gender", "anchor_age", "anchor_year", "anchor_year_group", "dod"]
        var seen: Set<Int> = []
        try read(table, columns) { (cohort, row) throws(RowFault) in
            let subject = try row.integer(0)
            guard subjects.contains(subject) else { return }
            guard seen.insert(subject).inserted else {
                throw RowFault(reason: "repeats a subject_id", text: "\(subject)")
            }
            cohort.patients.append(
                Patient(
                    subject: subject, gender: row.optional(1, TableRow.text),
                    anchorAge: row.optional(2, TableRow.integer),
                    anchorYear: row.optional(3, TableRow.integer),
                    anchorYearGroup: row.optional(4, TableRow.text),
                    dateOfDeath: row.optional(5, TableRow.text)))
        }
        patients.sort { $0.subject < $1.subject }
    }

    private mutating func readAdmissions(_ table: SourceTable, of subjects: Set<Int>) throws {
        let columns = [
            "subject_id", "hadm_id", "admittime", "dischtime", "deathtime", "edregtime", "edouttime",
            "admission_type", "hospital_expire_flag",
        ]
        var seen: Set<Int> = []
        try read(table, columns) { (cohort, row) throws(RowFault) in
            let subject = try row.integer(0)
            guard subjects.contains(subject) else { return }
            let hadm = try row.integer(1)
            let admittime = try row.time(2)
            let dischtime = try row.time(3)
            guard seen.insert(hadm).inserted else {
                throw RowFault(reason: "repeats a hadm_id", text: "\(hadm)")
            }
            cohort.stays[subject, default: []].append(
                Stay(
                    hadm: hadm, subject: subject, admittime: admittime, dischtime: dischtime,
                    deathtime: row.optional(4, TableRow.time), edregtime: row.optional(5, TableRow.time),
                    edouttime: row.optional(6, TableRow.time), admissionType: row.optional(7, TableRow.text),
                    hospitalExpireFlag: row.optional(8, TableRow.integer)))
        }
        for subject in stays.keys { stays[subject]?.sort { $0.hadm < $1.hadm } }
    }

    private mutating func readDiagnoses(_ table: SourceTable, of subjects: Set<Int>) throws {
        let columns = ["subject_id", "hadm_id", "seq_num", "icd_code", "icd_version"]
        var owners: [Int: Int] = [:]
        for stay in stays.values.joined() { owners[stay.hadm] = stay.subject }
        var places: [ICDCode: Int] = [:]
        try read(table, columns) { (cohort, row) throws(RowFault) in
            let subject = try row.integer(0)
            guard subjects.contains(subject) else { return }
            let hadm = try row.integer(1)
            let seqNum = try row.integer(2)
            let version = try row.integer(4)
            let code = ICDCode(try row.text(3), version: version)
            guard owners[hadm] == subject else {
                throw RowFault(
                    reason: "its hadm_id is not a stay of that subject_id in admissions", text: "\(hadm)")
            }
            guard version == 9 || version == 10 else {
                throw RowFault(reason: "icd_version is neither 9 nor 10", text: "\(version)")
            }
            let place = places[code] ?? cohort.codes.count
            if place == cohort.codes.count {
                places[code] = place
                cohort.codes.append(code)
            }
            let diagnosis = Diagnosis(seqNum: seqNum, code: place)
            guard cohort.diagnoses[hadm]?.contains(diagnosis) != true else {
                throw RowFault(reason: "repeats a diagnosis of its stay", text: code.text)
            }
            cohort.diagnoses[hadm, default: []].append(diagnosis)
        }
        for hadm in diagnoses.keys {
            diagnoses[hadm]?.sort { ($0.seqNum, codes[$0.code]) < ($1.seqNum, codes[$1.code]) }
        }
    }
}
