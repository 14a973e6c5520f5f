// The files that link-icd reads: all of them found, and summed, before one of them is read.

import EchoCore
import Files
import Foundation

/// The tables of both folders, and the files that options name.
struct Sources: Sendable {
    let studyList: SourceTable, recordList: SourceTable
    let patients: SourceTable, admissions: SourceTable, diagnoses: SourceTable
    /// Read where they are there.
    let dictionary: SourceTable?, measurements: SourceTable?
    /// Read where an option names them.
    let mappings: SourceTable?, list: SourceTable?, splits: SourceTable?

    /// - Parameters:
    ///   - echo: the folder of MIMIC-IV-ECHO
    ///   - hosp: the folder of MIMIC-IV, or `hosp` within
    init(echo: String, hosp: String, options: LinkOptions) throws(EchoError) {
        func table(_ name: String, in folder: String, _ option: String) throws(EchoError) -> SourceTable {
            guard let table = SourceTable(name, in: folder, subfolders: ["hosp"]) else {
                throw EchoError(
                    option, "there is no \(name).csv or \(name).csv.gz in that folder",
                    try: "check the path, or download the file again")
            }
            return table
        }
        func named(_ role: String, _ path: String?, _ option: String) throws(EchoError) -> SourceTable? {
            guard let path else { return nil }
            guard let table = SourceTable(role: role, file: path) else {
                throw EchoError(option, "there is no such file", try: "check the path")
            }
            return table
        }
        studyList = try table("echo-study-list", in: echo, "--echo")
        recordList = try table("echo-record-list", in: echo, "--echo")
        patients = try table("patients", in: hosp, "--mimic-iv")
        admissions = try table("admissions", in: hosp, "--mimic-iv")
        diagnoses = try table("diagnoses_icd", in: hosp, "--mimic-iv")
        dictionary = SourceTable("d_icd_diagnoses", in: hosp, subfolders: ["hosp"])
        measurements = SourceTable("structured-measurement", in: echo)
        mappings = try named("gem", options.labels.gem, "--gem")
        if options.targets.codes == "paper" {
            let known = PaperPrevalence.known.map(\.category).joined(separator: ", ")
            throw EchoError(
                "--codes", "of the paper's \(PaperPrevalence.targets) targets only \(known) are known",
                try: "complete schemas/paper-prevalence.csv from the paper's table, and name that file")
        }
        list = try named("codes", options.targets.codes, "--codes")
        splits = try named("split-file", options.split.file, "--split-file")
    }

    private var all: [SourceTable] {
        [studyList, recordList, patients, admissions, diagnoses]
            + [dictionary, measurements, mappings, list, splits].compactMap(\.self)
    }

    /// Sizes and sums, several files at a time.
    func examine() throws -> [TableFile] {
        try all.map { table in Background { try table.examine() } }.map { try $0.value() }
    }
}

/// The file of a table, as the catalog remembers it.
struct TableFile: Sendable, Equatable {
    /// Its table, as "admissions".
    let role: String
    /// Relative to the folder named on the command line.
    let path: String
    let bytes: Int
    let sha256: String
}

/// A row that could not be used, or not all of it.
struct RejectedRow: Sendable, Equatable {
    /// The first line of the row; the header is line 1.
    let line: Int
    let reason: String
    /// The column at fault with its text.
    let text: String
}

/// What was read of a table.
struct Reading<Value: Sendable>: Sendable {
    var value: Value
    var rows = 0
    var rejects: [RejectedRow] = []
}
