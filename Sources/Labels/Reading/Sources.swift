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
            guard let table = try SourceTable.find(name, in: folder, subfolders: ["hosp"]) else {
                if option == "--mimic-iv", Self.isTooOld(folder) {
                    throw EchoError(
                        option, "is MIMIC-IV 1.0, with patients and admissions in core: too old",
                        try: "download MIMIC-IV 2.0 or newer")
                }
                throw EchoError(
                    "\(option) \(folder)", "there is no \(name).csv or \(name).csv.gz in that folder",
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
        dictionary = try SourceTable.find("d_icd_diagnoses", in: hosp, subfolders: ["hosp"])
        measurements = try SourceTable.find("structured-measurement", in: echo)
        mappings = try named("gem", options.labels.gem, "--gem")
        let isPaper = options.targets.codes == TargetRule.paper
        guard !isPaper || options.labels.level == .category else {
            throw EchoError("--codes paper", "are categories", try: "leave out --level")
        }
        list = isPaper ? nil : try named("codes", options.targets.codes, "--codes")
        splits = try named("split-file", options.split.file, "--split-file")
    }

    /// Whether MIMIC-IV's tables lie in `folder`, or beside it, as they did before version 2.0.
    private static func isTooOld(_ folder: String) -> Bool {
        let path = URL(fileURLWithPath: folder).standardizedFileURL
        let places = [
            path.appendingPathComponent("core"),
            path.deletingLastPathComponent().appendingPathComponent("core"),
        ]
        return places.contains { core in
            ["admissions.csv", "admissions.csv.gz"].contains {
                FileManager.default.fileExists(atPath: core.appendingPathComponent($0).path)
            }
        }
    }

    private var all: [SourceTable] {
        [studyList, recordList, patients, admissions, diagnoses]
            + [dictionary, measurements, mappings, list, splits].compactMap(\.self)
    }

    /// Sizes and sums, several files at a time.
    func examine() throws -> [TableFile] {
        var files = try all.map { table in Background { try table.examine() } }.map { try $0.value() }
        files[0].version = Self.version(ofColumns: try studyList.header())
        return files
    }

    /// The version of MIMIC-IV-ECHO whose study list has these columns; nil where they do not tell.
    private static func version(ofColumns columns: [String]) -> String? {
        columns.contains("measurement_id") ? "1.0" : columns.contains("note_id") ? "0.1" : nil
    }
}
