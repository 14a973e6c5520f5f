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
    /// A day, without a time.
    let dateOfDeath: Timestamp?
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
    let insurance: String?, language: String?, race: String?

    /// When the stay is over: at death where that is later than `dischtime`, which may be the midnight before it.
    var end: Timestamp { deathtime.map { max($0, dischtime) } ?? dischtime }
}

/// A stay whose row could not be used, as far as it can be read.
struct RejectedStay: Equatable, Sendable {
    let hadm: Int?
    let admittime: Timestamp?
    let dischtime: Timestamp?
    let deathtime: Timestamp?
    let edregtime: Timestamp?

    /// Whether it may have ended before `time`.
    func mayBeOver(before time: Timestamp) -> Bool {
        guard let last = dischtime.map({ max($0, deathtime ?? $0) }) ?? admittime else { return true }
        return last < time
    }
}

/// A row of `hosp/diagnoses_icd`.
struct Diagnosis: Equatable, Sendable {
    /// Priority within the stay; 1 is the principal diagnosis. Nil where the row has none.
    let seqNum: Int?
    /// Its place in `CohortTables.codes`.
    let code: Int

    /// Where it stands among the others of its stay.
    var order: Int { seqNum ?? .max }
}

/// The tables of the cohort's subjects, read and checked.
struct CohortTables: Sendable {
    /// By their numbers.
    var studies: [EchoStudy] = []
    var patients: [Patient] = []
    /// The stays of each subject, by hadm_id.
    var stays: [Int: [Admission]] = [:]
    /// Those of each subject that could not be read: a study that is in none of the others may lie in one of them.
    var rejectedStays: [Int: [RejectedStay]] = [:]
    /// Every code in use, once.
    var codes: [ICDCode] = []
    /// What the codes of ICD-9 mean in ICD-10, by their text; empty without a file of mappings.
    var mappings: [String: [EquivalenceMapping]] = [:]
    /// The titles of codes that the release does not know, by their places in `codes`.
    var titles: [Int: String] = [:]
    /// The diagnoses of each stay, by (seq_num, code); those without a seq_num last.
    var diagnoses: [Int: [Diagnosis]] = [:]
    /// Those of the cohort's studies, in order of the file.
    var measurements: [Measurement] = []
    /// The codes of a list, in its order; nil without one.
    var list: [ListedCode]?
    /// The split of subjects, from a split file; nil without one.
    var split: [Int: Split]?
    /// The rows and rejects of each table, by its role.
    var counts: [String: (rows: Int, rejects: [RejectedRow])] = [:]
    /// What is to be said of the tables.
    var notices: [String] = []
}
