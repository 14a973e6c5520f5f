import Catalog
import EchoCore
import Files
import Foundation
import Labels
import Testing
import TestSupport

@Suite struct BadInputTests {
    /// Two labelled studies of two subjects.
    private static let good = {
        var mimic = SmallMIMIC()
        for subject in 1...2 {
            mimic.add(patient: subject)
            mimic.add(stay: 10 + subject, of: subject, from: "2150-01-01 00:00:00", to: "2150-01-02 00:00:00")
            mimic.add(codes: "I5020", "I10", of: subject, stay: 10 + subject)
            mimic.add(study: 20 + subject, of: subject, at: "2150-01-01 12:00:00")
        }
        return mimic
    }()

    @Test func `line ends, a byte-order mark, quotes and gzip do not matter`() throws {
        try withTemporaryFolder { folder in
            var mimic = Self.good
            let plain = try mimic.link(in: folder).summary
            mimic.admissions = mimic.admissions.replacingOccurrences(
                of: "EW EMER.", with: "\"EW,\n\"\"EMER\"\"\"")
            mimic.diagnoses = "\u{FEFF}" + mimic.diagnoses.replacingOccurrences(of: "\n", with: "\r\n")
            try mimic.write(to: folder)
            let table = folder.appendingPathComponent("hosp/admissions.csv")
            try Data(gzip(Data(mimic.admissions.utf8))).write(to: table.appendingPathExtension("gz"))
            try FileManager.default.removeItem(at: table)
            let other = try SmallMIMIC.link(in: folder)
            #expect(!other.summary.unchanged)
            #expect(other.summary.statuses == plain.statuses)
            #expect(other.summary.rejects.isEmpty)
            #expect(try other.rows("SELECT admission_type FROM admissions LIMIT 1") == ["EW,\n\"EMER\""])
        }
    }

    @Test(arguments: [
        (
            "1,31,2150-02-30 00:00:00,2150-03-01 00:00:00,,,,,0",
            "admittime is not a time that exists|2150-02-30 00:00:00"
        ),
        ("1,31,2150-02-03 00:00:00,,,,,,0", "dischtime is empty|"),
        ("1,x,2150-02-03 00:00:00,2150-03-01 00:00:00,,,,,0", "hadm_id is not a whole number|x"),
        (",31,2150-02-03 00:00:00,2150-03-01 00:00:00,,,,,0", "subject_id is not a whole number|"),
        ("1,11,2150-02-03 00:00:00,2150-03-01 00:00:00,,,,,0", "repeats a hadm_id|11"),
        ("1,31,2150-02-03 00:00:00,2150-03-01 00:00:00,,,,0", "has more or fewer fields than the header|"),
        (
            "1,31,2150-02-03 00:00:00,2150-03-01 00:00:00,,,never,,0",
            "edregtime is not a time that exists|never"
        ),
    ]) func `a bad stay becomes a reject with its line`(row: String, reject: String) throws {
        try withTemporaryFolder { folder in
            var mimic = Self.good
            mimic.admissions += row + "\n"
            let linked = try mimic.link(in: folder)
            #expect(
                try linked.rows("SELECT role, line, reason, text FROM reject") == ["admissions|4|\(reject)"])
            #expect(linked.summary.rejects == ["admissions": 1])
            #expect(linked.summary.statuses == ["labelled": 2])
        }
    }

    @Test(arguments: [
        ("1,11,3,I50,8", "icd_version is neither 9 nor 10|8"), ("1,12,3,I50,10", "|12"),
        ("1,99,3,I50,10", "|99"),
        ("1,11,1,i50.20,10", "repeats a diagnosis of its stay|I5020"), ("1,11,3,,10", "icd_code is empty|"),
    ]) func `a bad diagnosis becomes a reject`(row: String, reject: String) throws {
        try withTemporaryFolder { folder in
            var mimic = Self.good
            mimic.diagnoses += row + "\n"
            let reason =
                reject.hasPrefix("|") ? "its hadm_id is not a stay of that subject_id in admissions" : ""
            let rejects = try mimic.link(in: folder).rows("SELECT line, reason, text FROM reject")
            #expect(rejects == ["6|\(reason)\(reject)"])
        }
    }

    @Test func `rows of other subjects are counted and not looked at`() throws {
        try withTemporaryFolder { folder in
            var mimic = Self.good
            mimic.admissions += "77,31,never,never,,,,,0\n"
            mimic.diagnoses += "77,31,x,,11\n"
            let linked = try mimic.link(in: folder)
            #expect(linked.summary.rejects.isEmpty)
            #expect(
                try linked.rows("SELECT role, path, rows_read, rows_rejected FROM source_file") == [
                    "echo-study-list|echo-study-list.csv|2|0", "echo-record-list|echo-record-list.csv|2|0",
                    "patients|patients.csv|2|0", "admissions|admissions.csv|3|0",
                    "diagnoses_icd|diagnoses_icd.csv|5|0",
                ])
        }
    }

    @Test func `bytes that are not UTF-8 are a reject`() throws {
        try withTemporaryFolder { folder in
            try Self.good.write(to: folder)
            let table = folder.appendingPathComponent("hosp/diagnoses_icd.csv")
            try (Data(contentsOf: table) + Data("1,11,3,I5".utf8) + [0xFF] + Data(",10\n".utf8)).write(
                to: table)
            let linked = try SmallMIMIC.link(in: folder)
            #expect(
                try linked.rows("SELECT line, reason, text FROM reject") == [
                    "6|icd_code is not UTF-8|I5\u{FFFD}"
                ])
        }
    }

    /// What breaks a table as a whole, and what the error says.
    @Test(arguments: [
        ("hosp/admissions.csv", "dischtime", "disch", "admissions.csv: has no column dischtime"),
        (
            "hosp/diagnoses_icd.csv", "icd_version", "icd_code",
            "diagnoses_icd.csv: its header names the column icd_code twice"
        ),
        ("hosp/patients.csv", "F,60", "\"F,60", "patients.csv: line 2: a quote stands where none may"),
        ("echo/echo-study-list.csv", "subject_id,study_id,study_datetime", "", "echo-study-list.csv: "),
    ]) func `a table that cannot be read leaves the labels as they were`(
        path: String, text: String, replacement: String, message: String
    ) throws {
        try withTemporaryFolder { folder in
            try Self.good.link(in: folder)
            let database = folder.appendingPathComponent("dataset/echoprep.sqlite")
            let before = try Data(contentsOf: database)
            let table = folder.appendingPathComponent(path)
            let whole = String(decoding: try Data(contentsOf: table), as: UTF8.self)
            try Data(whole.replacingOccurrences(of: text, with: replacement).utf8).write(to: table)
            let error = try #require(throws: EchoError.self) { try SmallMIMIC.link(in: folder) }
            #expect("\(error)".hasPrefix(message))
            #expect(try Data(contentsOf: database) == before)
        }
    }

    @Test func `a truncated gzip file is an error`() throws {
        try withTemporaryFolder { folder in
            try Self.good.write(to: folder)
            let table = folder.appendingPathComponent("hosp/diagnoses_icd.csv")
            let zipped = Data(gzip(try Data(contentsOf: table)))
            try FileManager.default.removeItem(at: table)
            try zipped.prefix(zipped.count - 12).write(to: table.appendingPathExtension("gz"))
            #expect(
                throws: EchoError(
                    "diagnoses_icd.csv.gz", "its compressed data end too early",
                    try: "download the file again")
            ) { try SmallMIMIC.link(in: folder) }
            let catalog = try Catalog(datasetFolder: folder.path + "/dataset", readOnly: true)
            #expect(try catalog.lastRun(of: "link-icd") == nil)
        }
    }

    @Test func `a missing table is told by its option and the folder`() throws {
        try withTemporaryFolder { folder in
            try Self.good.write(to: folder)
            try FileManager.default.removeItem(atPath: folder.path + "/hosp/patients.csv")
            let error = #expect(throws: EchoError.self) { try SmallMIMIC.link(in: folder) }
            #expect(error?.place.hasPrefix("--mimic-iv \(folder.path)") == true)
            #expect(error?.problem == "there is no patients.csv or patients.csv.gz in that folder")
        }
    }

    @Test func `a subject with ten thousand stays is linked`() throws {
        try withTemporaryFolder { folder in
            var mimic = Self.good
            for hadm in 0..<10_000 {
                mimic.admissions += "1,\(1_000 + hadm),2150-01-01 00:00:00,2150-01-02 00:00:00,,,,,0\n"
            }
            let linked = try mimic.link(in: folder)
            #expect(try linked.rows("SELECT hadm_id FROM study_admission WHERE chosen = 1") == ["11", "12"])
            #expect(try linked.rows("SELECT count(*) FROM study_admission") == ["10002"])
        }
    }
}
