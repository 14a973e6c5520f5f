// A MIMIC-IV and a MIMIC-IV-ECHO of a few rows, written as csv files for one test.

import Catalog
import EchoCore
import Foundation
import GRDB
import Labels

/// Tables as text, each with its header line; a test changes what it is about.
struct SmallMIMIC {
    var patients = "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n"
    var admissions =
        "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,edregtime,edouttime,hospital_expire_flag\n"
    var diagnoses = "subject_id,hadm_id,seq_num,icd_code,icd_version\n"
    var studies = "subject_id,study_id,study_datetime\n"
    var records = "subject_id,study_id,acquisition_datetime,dicom_filepath\n"

    mutating func add(patient subject: Int) { patients += "\(subject),F,60,2150,2011 - 2013,\n" }

    mutating func add(
        stay hadm: Int, of subject: Int, from admittime: String, to dischtime: String, arrival: String = ""
    ) {
        admissions += "\(subject),\(hadm),\(admittime),\(dischtime),,EW EMER.,\(arrival),,0\n"
    }

    /// Adds the codes of a stay with seq_num 1, 2, …
    mutating func add(codes: String..., of subject: Int, stay hadm: Int, version: Int = 10) {
        for (index, code) in codes.enumerated() {
            diagnoses += "\(subject),\(hadm),\(index + 1),\(code),\(version)\n"
        }
    }

    mutating func add(study: Int, of subject: Int, at time: String) {
        studies += "\(subject),\(study),\(time)\n"
        records += "\(subject),\(study),\(time),files/s\(study)/\(study)_0001.dcm\n"
    }

    /// Writes all tables into `folder`/hosp and `folder`/echo.
    func write(to folder: URL) throws {
        let files = [
            "hosp/patients": patients, "hosp/admissions": admissions, "hosp/diagnoses_icd": diagnoses,
            "echo/echo-study-list": studies, "echo/echo-record-list": records,
        ]
        for name in ["hosp", "echo"] {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        for (name, text) in files {
            try Data(text.utf8).write(to: folder.appendingPathComponent("\(name).csv"))
        }
    }

    /// Writes all tables into `folder` and labels `folder`/dataset from them.
    @discardableResult
    func link(in folder: URL, _ change: (inout LinkOptions) -> Void = { _ in }) throws -> Linked {
        try write(to: folder)
        return try Self.link(in: folder, change)
    }

    /// Labels `folder`/dataset from the tables that lie in `folder`.
    @discardableResult
    static func link(in folder: URL, _ change: (inout LinkOptions) -> Void = { _ in }) throws -> Linked {
        var options = LinkOptions(echo: folder.path + "/echo", split: try SplitRule(seed: 1))
        change(&options)
        let dataset = folder.path + "/dataset"
        let summary = try linkICD(dataset: dataset, mimicIV: folder.path + "/hosp", options: options)
        return Linked(summary: summary, catalog: try Catalog(datasetFolder: dataset, readOnly: true))
    }
}

/// A labelled dataset.
struct Linked {
    let summary: LinkSummary
    let catalog: Catalog

    /// The rows of a query, each with its values as text between bars.
    func rows(_ sql: String) throws -> [String] { try catalog.rows(sql) }
}

extension Catalog {
    /// The rows of a query, each with its values as text between bars.
    func rows(_ sql: String) throws -> [String] {
        try read { db in
            try Row.fetchAll(db, sql: sql).map { row in
                row.databaseValues.map { $0.isNull ? "-" : "\($0.storage.value!)" }.joined(separator: "|")
            }
        }
    }
}
