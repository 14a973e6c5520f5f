import Catalog
import EchoCore
import Foundation
import Labels
import Testing
import TestSupport

/// One subject with three stays of two days each, ten days apart, and a study in the middle of each.
private func threeStays() -> SmallMIMIC {
    var mimic = SmallMIMIC()
    for (index, days) in [("01", "02", "03"), ("11", "12", "13"), ("21", "22", "23")].enumerated() {
        mimic.add(
            stay: 11 + index, of: 1, from: "2150-01-\(days.0) 00:00:00", to: "2150-01-\(days.2) 00:00:00")
        mimic.add(study: 21 + index, of: 1, at: "2150-01-\(days.1) 00:00:00")
    }
    return mimic
}

@Suite struct RuleTests {
    @Test(arguments: [
        (ICD10CM.Level.chapter, ["4|1", "9|2"]), (.block, ["E08-E13|1", "I10-I1A|1", "I30-I5A|1"]),
        (.category, ["E11|1", "I10|1", "I50|1"]), (.subcategory, ["E112|1", "I10|1", "I502|1"]),
    ]) func `labels stand at the level asked for`(level: ICD10CM.Level, expected: [String]) throws {
        try withTemporaryFolder { folder in
            var mimic = threeStays()
            mimic.add(codes: "I50.20", "I10", "E11.21", of: 1, stay: 11)
            let linked = try mimic.link(in: folder) { $0.labels.level = level }
            #expect(try linked.rows("SELECT category, n_codes FROM study_category ORDER BY 1") == expected)
            let titles = try linked.rows("SELECT title FROM v_prevalence WHERE title IS NULL OR title = ''")
            #expect(titles.isEmpty)
            #expect(try linked.catalog.targets().count == expected.count)
        }
    }

    @Test func `excluded chapters give no targets and stay in the tables`() throws {
        try withTemporaryFolder { folder in
            var mimic = threeStays()
            mimic.add(codes: "I50.20", "F32.9", "Y92.9", of: 1, stay: 11)
            let linked = try mimic.link(in: folder) { $0.targets.excludedChapters = ["5", "20"] }
            #expect(try linked.rows("SELECT category FROM target") == ["I50"])
            #expect(try linked.rows("SELECT category FROM study_category") == ["F32", "I50", "Y92"])
        }
    }

    @Test func `a list of codes gives the targets in its order, with its prevalence beside ours`() throws {
        try withTemporaryFolder { folder in
            var mimic = threeStays()
            mimic.add(codes: "I50.20", "I10", of: 1, stay: 11)
            mimic.add(codes: "I10", of: 1, stay: 12)
            let file = folder.appendingPathComponent("codes.csv")
            try Data("percent,category\n13.55,A41\n48.25,i50\n,I10\n".utf8).write(to: file)
            let linked = try mimic.link(in: folder) { $0.targets.codes = file.path }
            #expect(
                try linked.rows(
                    "SELECT idx, category, n_positive, prevalence, reference_prevalence FROM target") == [
                        "0|A41|0|0.0|0.1355", "1|I50|1|0.5|0.4825", "2|I10|2|1.0|-",
                    ])
            #expect(linked.summary.text.contains("50.00 % ( 48.25 %) I50 Heart failure"))

            try Data("category\nI50\nI99X\n".utf8).write(to: file)
            #expect(
                throws: EchoError(
                    "codes.csv", "line 3: the release has no category I99X",
                    try: "correct the list, or name the level of its codes with --level")
            ) { try SmallMIMIC.link(in: folder) { $0.targets.codes = file.path } }
        }
    }

    @Test func `history labels are those of the stays that were over before the study`() throws {
        try withTemporaryFolder { folder in
            var mimic = threeStays()
            mimic.add(codes: "I50.20", "I10", of: 1, stay: 11)
            mimic.add(codes: "I50.22", "E11.9", of: 1, stay: 12)
            mimic.add(codes: "A41.9", of: 1, stay: 13)
            let linked = try mimic.link(in: folder) { $0.labels.knownAt = .study }
            #expect(
                try linked.rows("SELECT status FROM study_status ORDER BY study_id") == [
                    "no-stay", "labelled", "labelled",
                ])
            #expect(
                try linked.rows("SELECT * FROM study_category") == [
                    "22|I10|1|2", "22|I50|1|1", "23|E11|1|2", "23|I10|1|2", "23|I50|2|1",
                ])
            #expect(try linked.rows("SELECT DISTINCT known_at FROM target") == ["study"])
            #expect(
                try linked.rows(
                    "SELECT hadm_id, icd_code FROM v_evidence WHERE study_id = 23 AND category = 'I50'")
                    == ["11|I5020", "12|I5022"])
        }
    }

    @Test(arguments: [
        (StayWindow.TieBreak.latest, "12"), (.earliest, "11"), (.longest, "13"),
    ]) func `a tie is broken as asked`(tieBreak: StayWindow.TieBreak, hadm: String) throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            mimic.add(stay: 11, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-05 00:00:00")
            mimic.add(stay: 12, of: 1, from: "2150-01-03 00:00:00", to: "2150-01-05 00:00:00")
            mimic.add(stay: 13, of: 1, from: "2150-01-02 00:00:00", to: "2150-01-09 00:00:00")
            mimic.add(stay: 14, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-05 00:00:00")
            mimic.add(study: 1, of: 1, at: "2150-01-04 00:00:00")
            let linked = try mimic.link(in: folder) { $0.window.tieBreak = tieBreak }
            #expect(try linked.rows("SELECT hadm_id FROM study_admission WHERE chosen = 1") == [hadm])
        }
    }

    @Test func `ICD-9 counts through a file of mappings, and only through it`() throws {
        try withTemporaryFolder { folder in
            var mimic = threeStays()
            mimic.add(codes: "428.0", "V70.7", "E8497", of: 1, stay: 11, version: 9)
            mimic.add(codes: "V707", of: 1, stay: 12, version: 9)
            let file = folder.appendingPathComponent("I9gem.txt")
            let lines = [
                "4280  I509    10000", "4280  I5020   10111", "V707  NoDx    11000", "E8497 Y929    10000",
                "25000 E119    10000", "nonsense",
            ]
            try Data(lines.joined(separator: "\r\n").utf8).write(to: file)
            #expect(try mimic.link(in: folder).summary.statuses == ["only-icd9": 2, "no-diagnoses": 1])
            let linked = try SmallMIMIC.link(in: folder) { $0.labels.gem = file.path }
            #expect(linked.summary.statuses == ["labelled": 1, "only-icd9": 1, "no-diagnoses": 1])
            #expect(try linked.rows("SELECT * FROM study_category") == ["21|I50|1|1", "21|Y92|1|3"])
            #expect(
                try linked.rows("SELECT * FROM icd9_map") == [
                    "1|4280|I509|1|0|0|0|0", "2|4280|I5020|1|0|1|1|1", "3|E8497|Y929|1|0|0|0|0",
                    "4|V707|-|1|1|0|0|0",
                ])
            #expect(try linked.rows("SELECT line, text FROM reject WHERE role = 'gem'") == ["6|nonsense"])
            #expect(throws: EchoError.self) {
                try SmallMIMIC.link(in: folder) { $0.labels.gem = folder.path + "/echo/echo-study-list.csv" }
            }
        }
    }

    /// Every split's share of every target is near the cohort's, and the rare one is in every split.
    @Test(arguments: [UInt64(1), 2, 3]) func `stratified splits spread the targets`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, "stratification")
        var mimic = SmallMIMIC()
        let codes = [("I50", 0.5), ("I10", 0.3), ("A41", 0.05)]
        for subject in 1...200 {
            mimic.add(stay: subject, of: subject, from: "2150-01-01 00:00:00", to: "2150-01-02 00:00:00")
            let own = codes.filter { random.uniform() < $0.1 }.map(\.0) + ["Z99"]
            for (index, code) in own.enumerated() {
                mimic.diagnoses += "\(subject),\(subject),\(index),\(code),10\n"
            }
            mimic.add(study: subject, of: subject, at: "2150-01-01 06:00:00")
        }
        try withTemporaryFolder { folder in
            var rule = try SplitRule("60/20/20", seed: seed)
            rule.stratified = true
            let linked = try mimic.link(in: folder) { $0.split = rule }
            #expect(linked.summary.splits == ["train": 120, "val": 40, "test": 40])
            let rows = try linked.rows(
                """
                SELECT s.split, s.n_positive, s.n_labelled * t.prevalence FROM v_prevalence_by_split s
                JOIN target t ON t.category = s.category
                """)
            #expect(rows.count == 12)
            for row in rows {
                let fields = row.split(separator: "|")
                #expect(abs(Double(fields[1])! - Double(fields[2])!) <= 1.5, "\(row)")
            }
        }
    }

    @Test func `stratified splits and targets of train need each other`() throws {
        try withTemporaryFolder { folder in
            let error = #expect(throws: EchoError.self) {
                _ = try threeStays().link(in: folder) {
                    $0.split.stratified = true
                    $0.targets.basis = .train
                }
            }
            #expect(error?.place == "--stratify")
        }
    }

    @Test func `structured measurements belong to the studies of their number`() throws {
        try withTemporaryFolder { folder in
            var mimic = threeStays()
            mimic.studies = """
                subject_id,study_id,study_datetime,measurement_id,measurement_datetime
                1,21,2150-01-02 00:00:00,501,2150-01-02 00:30:00
                1,22,2150-01-12 00:00:00,,
                1,23,2150-01-22 00:00:00,503,2150-01-22 00:30:00

                """
            try mimic.write(to: folder)
            let columns =
                "subject_id,measurement_id,measurement_datetime,test_type,measurement,measurement_description,result,unit\n"
            let rows = """
                1,501,2150-01-02 00:30:00,TTE,lvef,Left Ventricular Ejection Fraction,> 55,%
                1,501,2150-01-02 00:30:00,TTE,la_diam,LA,4.1,cm
                1,503,2150-01-22 00:30:00,TTE,LVEF,Left Ventricular Ejection Fraction,30-35,%
                1,503,2150-01-22 00:30:00,TTE,lvef,Left Ventricular Ejection Fraction,severely reduced,
                9,999,2150-01-22 00:30:00,TTE,lvef,Left Ventricular Ejection Fraction,60,%
                9,503,2150-01-22 00:30:00,TTE,lvef,Left Ventricular Ejection Fraction,60,%

                """
            try Data((columns + rows).utf8).write(
                to: folder.appendingPathComponent("echo/structured-measurement.csv"))
            let linked = try SmallMIMIC.link(in: folder)
            #expect(
                try linked.rows("SELECT study_id, lvef, n_measurements FROM v_lvef") == [
                    "21|55.0|1", "23|32.5|1",
                ])
            #expect(
                try linked.rows("SELECT study_key, study_id, subject_id, ef FROM v_ef ORDER BY 1") == [
                    "21|21|1|55.0", "23|23|1|32.5",
                ])
            #expect(
                try linked.rows("SELECT measurement, result, value FROM structured_measurement") == [
                    "lvef|> 55|55.0", "la_diam|4.1|4.1", "lvef|30-35|32.5", "lvef|severely reduced|-",
                ])
            #expect(linked.summary.rejects == ["structured-measurement": 1])
            #expect(try linked.rows("PRAGMA foreign_key_check").isEmpty)
        }
    }
}
