// What link-icd knows of the cohort before it decides anything: studies, files, patients, stays and diagnoses.

import EchoCore

/// An echocardiography study of `echo-study-list`.
struct EchoStudy: Equatable, Sendable {
    let id: Int
    let subject: Int
    /// nil where the list holds no time that exists.
    let time: Timestamp?
    /// The structured measurements that belong to it, from version 1.0 on.
    var measurement: Int?
}

/// A file of `echo-record-list`.
struct EchoRecord: Sendable {
    let line: Int
    let path: String
    let study: Int
    let subject: Int
    /// As MIMIC prints times.
    let acquired: String?
}

/// A row of `hosp/patients`.
struct Patient: Sendable {
    let subject: Int
    let gender: String?
    let anchorAge: Int?
    let anchorYear: Int?
    let anchorYearGroup: String?
    let dateOfDeath: String?
}

/// A hospital stay: a row of `hosp/admissions`.
struct Admission: Equatable, Sendable {
    let hadm: Int
    let subject: Int
    let admittime: Timestamp
    /// May lie before `admittime`: 142 stays of MIMIC-IV do.
    let dischtime: Timestamp
    let deathtime: Timestamp?
    /// Arrival in the emergency department.
    let edregtime: Timestamp?
    let edouttime: Timestamp?
    let admissionType: String?
    let hospitalExpireFlag: Int?
}

/// A row of `hosp/diagnoses_icd`.
struct Diagnosis: Equatable, Sendable {
    /// Priority within the stay; 1 is the principal diagnosis.
    let seqNum: Int
    /// Its place in `CohortTables.codes`.
    let code: Int
}

/// The tables of the cohort's subjects, read and checked.
struct CohortTables: Sendable {
    /// By their numbers.
    var studies: [EchoStudy] = []
    var patients: [Patient] = []
    /// The stays of each subject, by hadm_id.
    var stays: [Int: [Admission]] = [:]
    /// Every code in use, once.
    var codes: [ICDCode] = []
    /// What the codes of ICD-9 mean in ICD-10, by their text; empty without a file of mappings.
    var mappings: [String: [EquivalenceMapping]] = [:]
    /// The titles of codes that the release does not know, by their places in `codes`.
    var titles: [Int: String] = [:]
    /// The diagnoses of each stay, by (seq_num, code).
    var diagnoses: [Int: [Diagnosis]] = [:]
    /// Those of the cohort's studies, in order of the file.
    var measurements: [Measurement] = []
    /// The codes of a list, in its order; nil without one.
    var list: [ListedCode]?
    /// The split of subjects, from a split file; nil without one.
    var split: [Int: Split]?
    /// The rows and rejects of each table, by its role.
    var counts: [String: (rows: Int, rejects: [RejectedRow])] = [:]
}
