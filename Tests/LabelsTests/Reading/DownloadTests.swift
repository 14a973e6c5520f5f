import Catalog
import EchoCore
import Files
import Foundation
import GRDB
import Labels
import Testing
import TestSupport

/// Folders as downloads leave them.
@Suite struct DownloadTests {
    private static let mimic = {
        var mimic = SmallMIMIC()
        mimic.add(stay: 10, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-05 00:00:00")
        mimic.add(codes: "I5020", "I10", of: 1, stay: 10)
        mimic.add(study: 20, of: 1, at: "2150-01-02 00:00:00")
        return mimic
    }()

    /// diagnoses_icd as csv, cut within it, beside the whole as csv.gz.
    private static func writeTwice(to folder: URL) throws -> Data {
        try mimic.write(to: folder)
        let plain = folder.appendingPathComponent("hosp/diagnoses_icd.csv")
        let text = try Data(contentsOf: plain)
        let zipped = Data(gzip(text))
        try zipped.write(to: plain.appendingPathExtension("gz"))
        try text.prefix(text.count - 12).write(to: plain)
        return zipped
    }

    @Test func `a table that is there twice is refused`() throws {
        try withTemporaryFolder { folder in
            _ = try Self.writeTwice(to: folder)
            let error = try #require(throws: EchoError.self) { try SmallMIMIC.link(in: folder) }
            #expect(
                error.place == "diagnoses_icd.csv"
                    && error.problem == "lies there a second time, as diagnoses_icd.csv.gz")
        }
    }

    @Test(arguments: ["hosp/SHA256SUMS.txt", "SHA256SUMS.txt"]) func `published sums say which one is whole`(
        list: String
    ) throws {
        try withTemporaryFolder { folder in
            let name = list.hasPrefix("hosp") ? "diagnoses_icd.csv.gz" : "hosp/diagnoses_icd.csv.gz"
            let sum = sha256(try Self.writeTwice(to: folder))
            try Data("\(sha256(Data())) LICENSE.txt\n\(sum) \(name)\n".utf8).write(
                to: folder.appendingPathComponent(list))
            let linked = try SmallMIMIC.link(in: folder)
            #expect(try linked.rows("SELECT count(*) FROM diagnoses_icd") == ["2"])
            #expect(
                linked.summary.notices == [
                    "diagnoses_icd.csv.gz was read, and not diagnoses_icd.csv beside it: its sum is that of SHA256SUMS.txt"
                ])
            #expect(linked.summary.text.contains("notice: diagnoses_icd.csv.gz was read"))

            // Neither is the one that was published.
            try Data("\(sha256(Data())) \(name)\n".utf8).write(to: folder.appendingPathComponent(list))
            #expect(throws: EchoError.self) { try SmallMIMIC.link(in: folder) }
        }
    }

    @Test func `a file that differs from its published sum, and one without a last line end, are told`()
        throws
    {
        try withTemporaryFolder { folder in
            var mimic = Self.mimic
            mimic.studies.removeLast()
            try mimic.write(to: folder)
            try Data("\(sha256(Data())) *./patients.csv\n".utf8).write(
                to: folder.appendingPathComponent("hosp/SHA256SUMS.txt"))
            #expect(
                try SmallMIMIC.link(in: folder).summary.notices == [
                    "patients.csv is not the file that SHA256SUMS.txt names: it was changed, or is not whole",
                    "echo-study-list.csv ends without a line end: it may have been cut within its last row",
                ])
        }
    }

    @Test(arguments: ["csv", "csv.gz"]) func `a login page is called one`(ending: String) throws {
        try withTemporaryFolder { folder in
            try Self.mimic.write(to: folder)
            try FileManager.default.removeItem(atPath: folder.path + "/hosp/admissions.csv")
            try Data("\n<!DOCTYPE html>\n<html><title>Login</title></html>".utf8).write(
                to: folder.appendingPathComponent("hosp/admissions.\(ending)"))
            let error = try #require(throws: EchoError.self) { try SmallMIMIC.link(in: folder) }
            #expect(
                error.problem == "is a web page, not a table"
                    && error.remedy?.hasPrefix("log in first") == true)
        }
    }

    @Test(arguments: ["", "/hosp", "/core"]) func `MIMIC-IV 1.0 is too old`(named: String) throws {
        try withTemporaryFolder { folder in
            try Self.mimic.write(to: folder)
            try FileManager.default.createDirectory(
                atPath: folder.path + "/core", withIntermediateDirectories: true)
            for table in ["patients", "admissions"] {
                try FileManager.default.moveItem(
                    atPath: folder.path + "/hosp/\(table).csv", toPath: folder.path + "/core/\(table).csv")
            }
            let error = try #require(throws: EchoError.self) {
                try linkICD(
                    dataset: folder.path + "/dataset", mimicIV: folder.path + named,
                    options: LinkOptions(echo: folder.path + "/echo", split: try SplitRule(seed: 1)))
            }
            #expect(
                error.problem.hasPrefix("is MIMIC-IV 1.0") && error.remedy == "download MIMIC-IV 2.0 or newer"
            )
        }
    }

    /// What people do to a database.
    @Test(arguments: [
        "UPDATE label SET value = 1 - value", "DELETE FROM study_category", "DROP VIEW label_matrix",
        "UPDATE run SET program_build = 'another'", "UPDATE study_status SET status = 'no-stay'",
        "CREATE TABLE mine (x INTEGER)",
    ]) func `labels of a database that was altered are made anew`(change: String) throws {
        try withTemporaryFolder { folder in
            let tables = ["label", "study_category", "study_status", "label_matrix"]
            let first = try Self.mimic.link(in: folder)
            let before = try tables.map { try first.rows("SELECT * FROM \($0)") }
            #expect(try Self.mimic.link(in: folder).summary.unchanged)
            try DatabaseQueue(path: folder.path + "/dataset/echoprep.sqlite").write {
                try $0.execute(sql: change)
            }
            let again = try Self.mimic.link(in: folder)
            #expect(!again.summary.unchanged)
            let after = try tables.map { try again.rows("SELECT * FROM \($0)") }
            #expect(after == before)
            #expect(try Self.mimic.link(in: folder).summary.unchanged)
        }
    }
}
