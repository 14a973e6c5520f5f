import EchoCore
import Foundation
import Labels
import Testing
import TestSupport

/// Tables that other programs read and wrote again. Tests/Oracles/rewritten.py does it with the programs themselves.
@Suite struct RewrittenTests {
    /// Four subjects: midnights, minutes and seconds, a death, missing values.
    private static let mimic = {
        var mimic = SmallMIMIC()
        for subject in 1...4 {
            mimic.add(patient: subject)
            mimic.add(
                stay: 10 + subject, of: subject, from: "2150-01-01 00:00:00",
                to: "2150-01-0\(subject) 12:30:00",
                arrival: subject == 2 ? "2149-12-31 23:59:30" : "")
            mimic.add(codes: "I5020", "I10", of: subject, stay: 10 + subject)
            mimic.add(study: 20 + subject, of: subject, at: "2150-01-02 0\(subject):00:00")
        }
        mimic.patients += "5,M,60,2150,2011 - 2013,2150-01-03\n"
        mimic.admissions += "5,15,2150-01-01 10:00:00,2150-01-03 00:00:00,2150-01-03 11:00:00,URGENT,,,1\n"
        mimic.add(codes: "A41.9", of: 5, stay: 15)
        mimic.add(study: 25, of: 5, at: "2150-01-03 00:00:00")
        return mimic
    }()

    private static let tables = [
        "patients", "admissions", "diagnoses_icd", "icd_code", "echo_study", "echo_record", "study_admission",
        "study_status", "study_category", "target", "split", "label",
    ]

    private static func rows(_ linked: Linked) throws -> [String] {
        try tables.flatMap { table in try linked.rows("SELECT * FROM \(table)").map { "\(table): \($0)" } }
    }

    /// Applies a regular expression to every line but the header.
    private static func change(_ mimic: SmallMIMIC, _ pattern: String, _ template: String) -> SmallMIMIC {
        func changed(_ text: String) -> String {
            let end = text.firstIndex(of: "\n")!
            return text[...end]
                + text[text.index(after: end)...].replacingOccurrences(
                    of: pattern, with: template, options: .regularExpression)
        }
        return SmallMIMIC(
            patients: changed(mimic.patients), admissions: changed(mimic.admissions),
            diagnoses: changed(mimic.diagnoses), studies: changed(mimic.studies),
            records: changed(mimic.records))
    }

    private static let time = #"(\d{4}-\d\d-\d\d) (\d\d:\d\d):(\d\d)"#

    @Test(arguments: [
        ("polars", [(time, "$1T$2:$3.000000")]), ("Spark", [(time, "$1T$2:$3.000Z")]),
        ("pandas with a time zone", [(time, "$1 $2:$3+00:00")]), ("BigQuery", [(time, "$1 $2:$3 UTC")]),
        ("a spreadsheet without seconds", [(time + #"(?=[,\n])(?<=:00)"#, "$1 $2")]),
        ("pandas with missing numbers", [(#"(?<=^|,|\n)(\d+)(?=,|\n)"#, "$1.0")]),
        (
            "R",
            [(#" 00:00:00"#, ""), (#"(?<=,)(?=,|\n)"#, "NA"), (#"(?<=,)([A-Z]\w+\.?\d?)(?=,)"#, "\"$1\"")]
        ),
        ("days of death with a clock", [(#"(2150-01-03)(?=\n)"#, "$1 00:00:00")]),
        ("no-break spaces around codes", [(#"(I5020|A41\.9)"#, "\u{A0}$1 \u{2007}")]),
    ]) func `what other programs write again gives the same rows`(name: String, changes: [(String, String)])
        throws
    {
        try withTemporaryFolder { folder in
            let original = try Self.rows(try Self.mimic.link(in: folder))
            var rewritten = Self.mimic
            for (pattern, template) in changes { rewritten = Self.change(rewritten, pattern, template) }
            let linked = try rewritten.link(in: folder)
            #expect(!linked.summary.unchanged && linked.summary.rejects.isEmpty)
            #expect(try Self.rows(linked) == original)
        }
    }

    @Test func `a split may go by another name`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("splits.csv")
            try Data("subject_id,split\n1.0,TRAIN\n2.0,tuning\n3.0,held_out\n4.0,Validation\n5.0,dev\n".utf8)
                .write(to: file)
            let linked = try Self.mimic.link(in: folder) { $0.split.file = file.path }
            #expect(
                try linked.rows("SELECT * FROM split") == ["1|train", "2|val", "3|test", "4|val", "5|val"])
        }
    }
}

/// Codes as they should not be, and do come.
@Suite struct OddCodeTests {
    @Test(arguments: [
        ("C226YZZ", "procedure"), ("0210093", "procedure"), ("02100Z9", "procedure"),
        ("B24BZZZ", "procedure"),
        ("D7021ZZ", "procedure"), ("F13Z0ZZ", "procedure"), ("GZB0ZZZ", "procedure"),
        ("XW033E5", "procedure"),
        ("hz2zzzz", "procedure"), ("I50.9-", "unknown"), ("I50.-", "unknown"), ("I50.–", "unknown"),
        ("-", "unknown"),
        ("I50. 9", "unknown"), ("\u{A0}i50.9\u{A0}", "leaf"), ("\u{202F}\u{3000}I50\u{2003}", "not_leaf"),
        ("I5099", "retired"), ("H4011X0", "retired"), ("X0809XA", "leaf"), ("021009O", "unknown"),
    ]) func `the release says what a code is`(code: String, status: String) {
        let code = ICDCode(code, version: 10)
        let release = ICD10CM.current
        #expect(release.status(of: code.text).rawValue == status)
        let counts = ["leaf", "not_leaf", "retired"].contains(status)
        #expect((release.category(of: code.text) != nil) == counts)
        #expect(release.path(to: code.text).isEmpty == !counts)
    }

    @Test func `a code without a priority stays, and a procedure counts for nothing`() throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            mimic.add(stay: 10, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-05 00:00:00")
            mimic.diagnoses +=
                "1,10,,I5020,10\n1,10,2,C226YZZ,10\n1,10,3,I10,10\n1,10,,I5022,10\n1,10,4,I5022,10\n"
            mimic.add(study: 20, of: 1, at: "2150-01-02 00:00:00")
            let linked = try mimic.link(in: folder)
            #expect(linked.summary.rejects.isEmpty)
            #expect(
                try linked.rows("SELECT * FROM diagnoses_icd") == [
                    "10|1|2|C226YZZ|10|1", "10|2|3|I10|10|1", "10|3|4|I5022|10|1", "10|4|-|I5020|10|1",
                    "10|5|-|I5022|10|1",
                ])
            #expect(try linked.rows("SELECT * FROM study_category") == ["20|I10|1|3", "20|I50|2|4"])
            #expect(
                try linked.rows("SELECT status, category FROM icd_code WHERE icd_code = 'C226YZZ'") == [
                    "procedure|-"
                ])
            let text = try explainLabels(dataset: folder.path + "/dataset", study: 20).text
            #expect(text.contains("ICD-10 I5020 (leaf), without a priority, of stay 10"))
            #expect(text.contains("ICD-10 C226YZZ (procedure)"))
        }
    }

    @Test func `a category whose codes have no priority has none`() throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            mimic.add(stay: 10, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-05 00:00:00")
            mimic.diagnoses += "1,10,NA,I5020,10\n"
            mimic.add(study: 20, of: 1, at: "2150-01-02 00:00:00")
            let linked = try mimic.link(in: folder)
            #expect(try linked.rows("SELECT * FROM study_category") == ["20|I50|1|-"])
        }
    }
}
