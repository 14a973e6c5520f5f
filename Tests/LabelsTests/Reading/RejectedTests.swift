import Catalog
import EchoCore
import Foundation
import Labels
import Testing
import TestSupport

/// Tables of which something, or too much, cannot be read.
@Suite struct RejectedTests {
    /// A stay and a study in it for each of so many subjects.
    private static func mimic(subjects: Int) -> SmallMIMIC {
        var mimic = SmallMIMIC()
        for subject in 1...subjects {
            mimic.add(patient: subject)
            mimic.add(
                stay: 1_000 + subject, of: subject, from: "2150-01-10 00:00:00", to: "2150-01-15 00:00:00")
            mimic.add(codes: "I5020", "I10", of: subject, stay: 1_000 + subject)
            mimic.add(study: 2_000 + subject, of: subject, at: "2150-01-12 00:00:00")
        }
        return mimic
    }

    @Test(arguments: [
        (
            "hosp/admissions.csv", "2150-01-1", "13/01/215",
            "admittime is not a time that exists, spelled as 99/99/9999 99:99:99"
        ),
        ("hosp/admissions.csv", ",10", ",A-10", "hadm_id is not a whole number, spelled as a-9999"),
        (
            "hosp/diagnoses_icd.csv", ",10\n", ",ICD 10\n",
            "icd_version is not a whole number, spelled as aaa 99"
        ),
        ("hosp/patients.csv", ",F,60", ",F,sixty", "anchor_age is not a whole number, spelled as aaaaa"),
        (
            "echo/echo-study-list.csv", "2150-01-12 00:00:00", "6627265380",
            "study_datetime is not a time that exists, spelled as 9999999999"
        ),
        ("echo/echo-record-list.csv", ",files", ",x,files", "has more or fewer fields than the header"),
    ]) func `a table written in another way is refused, and told without its values`(
        path: String, text: String, other: String, problem: String
    ) throws {
        try withTemporaryFolder { folder in
            let mimic = Self.mimic(subjects: 20)
            try mimic.link(in: folder)
            let database = folder.appendingPathComponent("dataset/echoprep.sqlite")
            let before = try Data(contentsOf: database)
            let file = folder.appendingPathComponent(path)
            let whole = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            try Data(whole.replacingOccurrences(of: text, with: other).utf8).write(to: file)
            let error = try #require(throws: EchoError.self) { try SmallMIMIC.link(in: folder) }
            #expect(error.place == file.lastPathComponent)
            #expect(error.problem.hasSuffix("rows cannot be used, as line 2: \(problem)"), "\(error)")
            #expect(try Data(contentsOf: database) == before)
        }
    }

    @Test(arguments: [(2, false), (3, true)]) func `more than one row of a hundred is too much`(
        bad: Int, isRefused: Bool
    ) throws {
        try withTemporaryFolder { folder in
            var mimic = Self.mimic(subjects: 200)
            for subject in 1...bad {
                // Two faults in a row are one row.
                mimic.patients = mimic.patients.replacingOccurrences(
                    of: "\n\(subject),F,60,2150", with: "\n\(subject),F,x,y")
            }
            if isRefused {
                let error = try #require(throws: EchoError.self) { try mimic.link(in: folder) }
                #expect(error.problem.hasPrefix("3 of 200 rows cannot be used"))
            } else {
                let linked = try mimic.link(in: folder)
                #expect(linked.summary.rejects == ["patients": 2])
                #expect(try linked.rows("SELECT count(*) FROM reject") == ["4"])
            }
        }
    }

    @Test func `the cohort's rows are judged where the table is of many others`() throws {
        try withTemporaryFolder { folder in
            var mimic = Self.mimic(subjects: 20)
            mimic.admissions = mimic.admissions.replacingOccurrences(of: "2150-01-1", with: "2150.01.1")
            for other in 100_000..<105_000 { mimic.admissions += "\(other),\(other),x,y,,,,,\n" }
            #expect(throws: EchoError.self) { try mimic.link(in: folder) }
        }
    }

    @Test(arguments: [("train", 3, false), ("training", 3, true)])
    func `a split file is refused past its half`(
        name: String, others: Int, isRefused: Bool
    ) throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("splits.csv")
            let good = (1...3).map { "\($0),train\n" }.joined()
            try Data("subject_id,split\n\(good)4,\(name)\n5,fold 1\n6,fold 2\n7,fold 3\n".utf8).write(
                to: file)
            let mimic = Self.mimic(subjects: 8)
            if isRefused {
                let error = try #require(throws: EchoError.self) {
                    try mimic.link(in: folder) { $0.split.file = file.path }
                }
                #expect(
                    error.problem.contains("4 of 7 rows cannot be used")
                        && !error.problem.contains("training"))
            } else {
                let linked = try mimic.link(in: folder) { $0.split.file = file.path }
                #expect(linked.summary.rejects == ["split-file": 3])
            }
        }
    }

    /// The stay of subject 1 cannot be read; its studies are told by what of it can be.
    @Test(arguments: [
        ("1,1001,2150-01-10 00:00:00,soon,,EW EMER.,,,0", ["no-stay", "stay-rejected", "stay-rejected"]),
        ("1,1001,soon,2150-01-15 00:00:00,,EW EMER.,,,0", ["stay-rejected", "stay-rejected", "no-stay"]),
        ("1,1001,soon,,,EW EMER.,,,0", ["stay-rejected", "stay-rejected", "stay-rejected"]),
        (
            "1,x,2150-01-10 00:00:00,2150-01-15 00:00:00,,EW EMER.,,,0",
            ["no-stay", "stay-rejected", "no-stay"]
        ),
        (
            "1,1001,2150-01-10 00:00:00,2150-01-15 00:00:00,,EW EMER.,,0",
            ["stay-rejected", "stay-rejected", "stay-rejected"]
        ),
    ]) func `a study whose stay was rejected says so`(row: String, statuses: [String]) throws {
        try withTemporaryFolder { folder in
            var mimic = Self.mimic(subjects: 120)
            mimic.admissions = mimic.admissions.replacingOccurrences(
                of: "\n1,1001,2150-01-10 00:00:00,2150-01-15 00:00:00,,EW EMER.,,,0\n", with: "\n\(row)\n")
            for (n, day) in ["05", "12", "20"].enumerated() {
                mimic.add(study: n + 1, of: 1, at: "2150-01-\(day) 00:00:00")
            }
            let linked = try mimic.link(in: folder)
            #expect(
                try linked.rows("SELECT status FROM study_status WHERE study_id <= 3 ORDER BY study_id")
                    == statuses)
            #expect(linked.summary.statuses["subject-not-in-admissions"] == nil)
            #expect(linked.summary.statuses["labelled"] == 119)
        }
    }

    @Test func `the diagnoses of a rejected stay are no reason to refuse their table`() throws {
        try withTemporaryFolder { folder in
            var mimic = Self.mimic(subjects: 120)
            mimic.admissions = mimic.admissions.replacingOccurrences(
                of: "\n1,1001,2150", with: "\n1,1001,x2150")
            for n in 3...40 { mimic.diagnoses += "1,1001,\(n),I50,10\n" }
            let linked = try mimic.link(in: folder)
            #expect(linked.summary.rejects == ["admissions": 1, "diagnoses_icd": 40])
        }
    }

    @Test func `history labels know of a stay that was rejected, too`() throws {
        try withTemporaryFolder { folder in
            var mimic = Self.mimic(subjects: 120)
            mimic.admissions = mimic.admissions.replacingOccurrences(
                of: "\n1,1001,2150-01-10 00:00:00,2150", with: "\n1,1001,2150-01-10 00:00:00,x2150")
            mimic.add(study: 1, of: 1, at: "2150-01-05 00:00:00")
            mimic.add(study: 2, of: 1, at: "2150-02-05 00:00:00")
            let linked = try mimic.link(in: folder) { $0.labels.knownAt = .study }
            #expect(
                try linked.rows("SELECT status FROM study_status WHERE study_id <= 2 ORDER BY study_id") == [
                    "no-stay", "stay-rejected",
                ])
        }
    }
}

@Suite struct DeathTests {
    private static func mimic(deathtime: String, dod: String) -> SmallMIMIC {
        var mimic = SmallMIMIC()
        mimic.patients += "1,F,60,2150,2011 - 2013,\(dod)\n"
        mimic.admissions += "1,10,2150-01-01 10:00:00,2150-01-03 00:00:00,\(deathtime),URGENT,,,1\n"
        mimic.add(codes: "I5020", of: 1, stay: 10)
        for (n, time) in [
            "2150-01-02 12:00:00", "2150-01-03 09:00:00", "2150-01-03 20:00:00", "2150-01-04 01:00:00",
        ].enumerated() {
            mimic.add(study: 20 + n, of: 1, at: time)
        }
        return mimic
    }

    @Test func `a stay ends at death where that is later than the discharge`() throws {
        try withTemporaryFolder { folder in
            let linked = try Self.mimic(deathtime: "2150-01-03 11:00:00", dod: "2150-01-03").link(in: folder)
            #expect(
                try linked.rows("SELECT * FROM study_status") == [
                    "20|labelled|-|0", "21|labelled|-|0", "22|no-stay|9.0|1", "23|no-stay|14.0|1",
                ])
            #expect(try linked.rows("SELECT hours_to_discharge FROM study_admission") == ["12.0", "-9.0"])
            #expect(linked.summary.afterDeath == 2)
            #expect(linked.summary.text.contains("after the subject's death"))
            let history = try SmallMIMIC.link(in: folder) { $0.labels.knownAt = .study }
            #expect(
                try history.rows("SELECT status FROM study_status ORDER BY study_id") == [
                    "no-stay", "no-stay", "labelled", "labelled",
                ])
            #expect(try history.rows("SELECT DISTINCT study_id FROM v_evidence") == ["22", "23"])
        }
    }

    @Test func `a death before the discharge, and a day of death, flag what comes later`() throws {
        try withTemporaryFolder { folder in
            let early = try Self.mimic(deathtime: "2150-01-02 00:00:00", dod: "").link(in: folder)
            #expect(
                try early.rows("SELECT study_id, status, after_death FROM study_status") == [
                    "20|labelled|1", "21|no-stay|1", "22|no-stay|1", "23|no-stay|1",
                ])
            let later = try Self.mimic(deathtime: "", dod: "2150-01-03").link(in: folder)
            #expect(try later.rows("SELECT after_death FROM study_status") == ["0", "0", "0", "1"])
        }
    }
}
