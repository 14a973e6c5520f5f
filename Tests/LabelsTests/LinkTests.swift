import Catalog
import EchoCore
import Foundation
import Labels
import Testing
import TestSupport

@Suite struct LinkTests {
    /// One study at every hard place of one stay of 24 hours that was reached through the emergency department.
    @Test(arguments: [
        (StayWindow(.closed), "2,3,4"), (StayWindow(.halfOpen), "2,3"), (StayWindow(.strict), "3"),
        (StayWindow(.ed), "1,2,3,4"), (StayWindow(.closed, before: 2), "1,2,3,4"),
        (StayWindow(.strict, after: 1), "3,4,5"), (StayWindow(.closed, before: -1, after: -1), "3"),
        (StayWindow(.closed, before: 1 / 3_600.0, after: 24), "2,3,4,5"),
    ]) func `a window holds its studies`(window: StayWindow, expected: String) throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            mimic.add(
                stay: 10, of: 1, from: "2150-01-01 12:00:00", to: "2150-01-02 12:00:00",
                arrival: "2150-01-01 10:30:00")
            mimic.add(codes: "I50.20", of: 1, stay: 10)
            mimic.add(study: 1, of: 1, at: "2150-01-01 10:30:00")
            mimic.add(study: 2, of: 1, at: "2150-01-01 12:00:00")
            mimic.add(study: 3, of: 1, at: "2150-01-02 00:00:00")
            mimic.add(study: 4, of: 1, at: "2150-01-02 12:00:00")
            mimic.add(study: 5, of: 1, at: "2150-01-02 12:00:01")
            let linked = try mimic.link(in: folder) { $0.window = window }
            let labelled = try linked.rows("SELECT study_id FROM study_status WHERE status = 'labelled'")
            #expect(labelled.joined(separator: ",") == expected)
            #expect(try linked.rows("SELECT study_id FROM study_admission") == labelled)
        }
    }

    @Test func `of several stays the latest is chosen, then the smaller number`() throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            mimic.add(stay: 13, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-09 00:00:00")
            mimic.add(stay: 12, of: 1, from: "2150-01-03 00:00:00", to: "2150-01-05 00:00:00")
            mimic.add(stay: 11, of: 1, from: "2150-01-03 00:00:00", to: "2150-01-05 00:00:00")
            mimic.add(stay: 14, of: 1, from: "2150-01-05 00:00:00", to: "2150-01-06 00:00:00")
            mimic.add(study: 1, of: 1, at: "2150-01-04 00:00:00")
            mimic.add(study: 2, of: 1, at: "2150-01-05 00:00:00")
            let linked = try mimic.link(in: folder)
            #expect(
                try linked.rows("SELECT * FROM study_admission") == [
                    "1|11|24.0|24.0|1", "1|12|24.0|24.0|0", "1|13|72.0|120.0|0",
                    "2|11|48.0|0.0|0", "2|12|48.0|0.0|0", "2|13|96.0|96.0|0", "2|14|0.0|24.0|1",
                ])
        }
    }

    @Test func `a study without labels says why`() throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            let day = ["2150-01-01 00:00:00", "2150-01-02 00:00:00"]
            for (subject, codes) in [(2, []), (3, ["4280"]), (4, ["ZZZ", "I5"]), (5, ["I5099"])] {
                mimic.add(stay: 10 * subject, of: subject, from: day[0], to: day[1])
                for code in codes {
                    mimic.add(codes: code, of: subject, stay: 10 * subject, version: subject == 3 ? 9 : 10)
                }
                mimic.add(study: subject, of: subject, at: "2150-01-01 06:00:00")
            }
            mimic.diagnoses = mimic.diagnoses.replacingOccurrences(of: "4,40,1,I5,10", with: "4,40,2,I5,10")
            // A stay that ends a day before it begins holds nothing, not even what is between.
            mimic.add(stay: 60, of: 6, from: day[1], to: day[0])
            mimic.add(study: 6, of: 6, at: "2150-01-01 06:00:00")
            mimic.add(study: 7, of: 7, at: day[0])
            mimic.add(study: 8, of: 5, at: "no time at all")
            mimic.add(study: 9, of: 5, at: "2150-01-02 01:30:00")
            let query = "SELECT study_id, status, nearest_stay_hours FROM study_status"
            var expected = [
                "2|no-diagnoses|-", "3|only-icd9|-", "4|no-usable-code|-", "5|labelled|-", "6|no-stay|18.0",
                "7|subject-not-in-admissions|-", "8|no-study-time|-", "9|no-stay|1.5",
            ]
            let linked = try mimic.link(in: folder)
            #expect(try linked.rows(query) == expected)
            #expect(try linked.rows("SELECT study_id FROM v_unlinked").count == 7)
            #expect(linked.summary.rejects == ["echo-study-list": 1, "echo-record-list": 1])
            let strict = try SmallMIMIC.link(in: folder) { $0.labels.strictCodes = true }
            expected[3] = "5|no-usable-code|-"
            #expect(try strict.rows(query) == expected)
        }
    }

    @Test func `codes count once, with their best priority, whatever their spelling`() throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            mimic.add(stay: 10, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-02 00:00:00")
            // E119 means gunshot nowhere: as ICD-9 it is no diabetes.
            mimic.diagnoses +=
                "1,10,7,i50.20,10\n1,10,2,I5020 ,10\n1,10,5,I50.9,10\n1,10,3,E119,9\n1,10,4,I5099,10\n"
            mimic.add(study: 1, of: 1, at: "2150-01-01 06:00:00")
            let linked = try mimic.link(in: folder)
            #expect(try linked.rows("SELECT * FROM study_category") == ["1|I50|3|2"])
            #expect(
                try linked.rows("SELECT icd_code, icd_version, status, category FROM icd_code") == [
                    "E119|9|icd9|-", "I5020|10|leaf|I50", "I509|10|leaf|I50", "I5099|10|retired|I50",
                ])
        }
    }

    /// Prevalence, targets and the wide view against loops over the same random labels.
    @Test(arguments: [UInt64(1), 2, 3]) func `targets are the most prevalent categories`(seed: UInt64) throws
    {
        var random = SeededRandom(seed: seed, "targets")
        let codes = ["I50", "I10", "I48", "N17", "A41", "E11", "K21"]
        var mimic = SmallMIMIC()
        var labels: [Int: Set<String>] = [:]
        for subject in 1...40 {
            mimic.add(stay: subject, of: subject, from: "2150-01-01 00:00:00", to: "2150-01-02 00:00:00")
            let own = codes.filter { _ in random.below(3) == 0 }
            for (index, code) in own.enumerated() {
                mimic.diagnoses += "\(subject),\(subject),\(index),\(code),10\n"
            }
            for study in [subject, 100 + subject].prefix(1 + random.below(2)) {
                mimic.add(study: study, of: subject, at: "2150-01-01 06:00:00")
                if !own.isEmpty { labels[study] = Set(own) }
            }
        }
        try withTemporaryFolder { folder in
            let rule = try SplitRule("50/25/25", seed: seed)
            for basis in TargetRule.Basis.allCases {
                let linked = try mimic.link(in: folder) {
                    $0.targets = TargetRule(top: 4, minPrevalence: 0.2, basis: basis)
                    $0.split = rule
                }
                let studies = labels.filter { basis == .all || rule.split(of: $0.key % 100) == .train }
                var counts: [(code: String, count: Int)] = []
                for code in codes.sorted() {
                    let count = studies.values.count { $0.contains(code) }
                    if Double(count) >= 0.2 * Double(studies.count) { counts.append((code, count)) }
                }
                // A stable sort keeps the order of codes among ties.
                let expected = counts.sorted { $0.count > $1.count }.prefix(4)
                let targets = try linked.catalog.targets()
                #expect(targets.map(\.category) == expected.map(\.code))
                #expect(targets.map(\.positives) == expected.map(\.count))
                #expect(
                    targets.map(\.prevalence) == expected.map { Double($0.count) / Double(studies.count) })
                let stored = try linked.catalog.labels(
                    of: targets.map(\.category), from: LabelSource.linkICD)
                #expect(stored.map(\.studyID) == labels.keys.sorted().map(Int64.init))
                for study in stored {
                    let own = labels[Int(study.studyID ?? 0)] ?? []
                    #expect(study.values == expected.map { own.contains($0.code) ? 1 : 0 })
                    #expect(study.split == rule.split(of: Int(study.subjectID ?? 0)))
                }
                let matrix = try linked.rows("SELECT * FROM label_matrix")
                #expect(
                    matrix
                        == stored.map {
                            ([$0.key, "\($0.subjectID ?? 0)", $0.split?.rawValue ?? "-"]
                                + $0.values.map { $0 == 1 ? "1" : "0" }).joined(separator: "|")
                        })
                for row in try linked.catalog.prevalence() {
                    #expect(row.positives == labels.values.count { $0.contains(row.category) })
                    #expect(row.labelled == labels.count)
                }
                let shares = try linked.rows(
                    "SELECT split, sum(n_positive) FROM v_prevalence_by_split GROUP BY split")
                for split in Split.allCases {
                    let own = labels.filter { rule.split(of: $0.key % 100) == split }
                    let sum = own.values.reduce(0) { $0 + $1.count }
                    #expect(sum == 0 || shares.contains("\(split.rawValue)|\(sum)"))
                }
            }
        }
    }

    @Test func `a second run changes nothing, another rule keeps the record of both`() throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            mimic.add(stay: 10, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-02 00:00:00")
            mimic.add(codes: "I50", of: 1, stay: 10)
            mimic.add(study: 1, of: 1, at: "2150-01-02 00:00:00")
            let database = folder.appendingPathComponent("dataset/echoprep.sqlite")
            #expect(try mimic.link(in: folder).summary.unchanged == false)
            let before = try Data(contentsOf: database)
            #expect(try SmallMIMIC.link(in: folder).summary.unchanged)
            #expect(try Data(contentsOf: database) == before)

            let other = try SmallMIMIC.link(in: folder) { $0.window = StayWindow(.halfOpen) }
            #expect(other.summary.statuses == ["no-stay": 1])
            #expect(
                try other.rows("SELECT run_id, value FROM rule WHERE key = 'window'") == [
                    "1|closed", "2|half-open",
                ])
            #expect(try other.rows("SELECT count(*) FROM source_file") == ["10"])
            #expect(try other.rows("SELECT count(*) FROM study_category") == ["0"])
            #expect(try other.rows("PRAGMA foreign_key_check").isEmpty)

            mimic.add(study: 2, of: 1, at: "2150-01-01 12:00:00")
            #expect(try mimic.link(in: folder).summary.statuses == ["labelled": 2])
        }
    }

    @Test func `the funnel adds up`() throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            mimic.add(stay: 10, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-02 00:00:00")
            mimic.add(codes: "I50", of: 1, stay: 10)
            mimic.add(study: 1, of: 1, at: "2150-01-01 12:00:00")
            mimic.add(study: 2, of: 1, at: "2150-02-01 12:00:00")
            let funnel = try mimic.link(in: folder).catalog.funnel()
            #expect(
                funnel.map { "\($0.step) \($0.unit) \($0.what): \($0.count)" } == [
                    "1 files in the source: 0", "3 files kept as clips: 0", "4 studies in the source: 2",
                    "5 studies without a label: no-stay: 1", "6 studies labelled: 1",
                    "7 studies labelled, but without a clip: 1", "8 studies labelled, with clips: 0",
                ])
        }
    }
}
