import Catalog
import EchoCore
import Foundation
import GRDB
import Labels
import Testing
import TestSupport

/// Labels of one's own beside those of three stays.
@Suite struct OwnLabelTests {
    /// Studies 21, 22 and 23 with clips, of subjects 1, 2 and 3; not linked unless `link`.
    private func withDataset(link: Bool = true, _ body: (URL, Catalog) throws -> Void) throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            for subject in 1...3 {
                mimic.add(
                    stay: 10 + subject, of: subject, from: "2150-01-01 00:00:00", to: "2150-01-05 00:00:00")
                mimic.add(study: 20 + subject, of: subject, at: "2150-01-02 00:00:00")
            }
            mimic.add(codes: "I50.20", "I10", of: 1, stay: 11)
            mimic.add(codes: "I10", "E11.21", of: 2, stay: 12)
            mimic.add(codes: "F32.9", of: 3, stay: 13)
            let rule = try SplitRule("1/1/1", seed: 4)
            if link { try mimic.link(in: folder) { $0.split = rule } }
            let catalog = try Catalog(datasetFolder: folder.path + "/dataset", readOnly: false)
            let run = try catalog.beginRun("ingest", commandLine: "", rules: [:])
            try catalog.write { db in
                for (n, study) in [21, 21, 22, 23].enumerated() {
                    try db.execute(
                        sql: """
                            INSERT INTO clip (run_id, study_key, study_id, subject_id, name, path, kept, shard)
                            VALUES (?, ?, ?, ?, ?, ?, 1, 'x')
                            """, arguments: [run, "\(study)", study, study - 20, "\(study)/\(n)", "\(n)"])
                }
            }
            try body(folder, catalog)
        }
    }

    private func take(
        _ text: String, _ folder: URL, name: String = "own", unit: LabelSource.Unit = .study,
        groups: Bool = false
    ) throws -> ImportSummary {
        let file = folder.appendingPathComponent("own.csv")
        try Data(text.utf8).write(to: file)
        let options = ImportOptions(name: name, unit: unit), dataset = folder.path + "/dataset"
        return try groups
            ? importGroups(dataset: dataset, file: file.path, options: options)
            : importLabels(dataset: dataset, file: file.path, options: options)
    }

    private static let own = "SELECT unit, target, key, value FROM label WHERE source = 'own'"

    @Test func `wide and long files, and what other programs make of them, are the same labels`() throws {
        try withDataset { folder, catalog in
            let wide = try take("study_id,b,a\n21,1,0.5\n22,,2\n99,0,\n", folder)
            let rows = try catalog.rows(Self.own)
            #expect(
                rows == [
                    "study|a|21|0.5", "study|a|22|2.0", "study|a|99|-", "study|b|21|1.0", "study|b|22|-",
                    "study|b|99|0.0",
                ])
            #expect(wide.targets.map(\.name) == ["b", "a"] && wide.targets.map(\.known) == [2, 2])
            #expect(wide.there == 2 && wide.others == 1)
            let long = try take(
                "key,target,value\n22,a,2\n21,b,1\n99,b,0\n21,a,0.5\n22,b,\n99,a,\n", folder)
            #expect(try catalog.rows(Self.own) == rows)
            #expect(long.targets.map(\.name) == ["a", "b"] && long.there == 2 && long.others == 1)
            _ = try take(",study_id,b,a\n0,21.0,1.0,0.5\n1,22.0,NA,2\n2,99.0,0.0,\n", folder)
            #expect(try catalog.rows(Self.own) == rows)
        }
    }

    @Test func `clips and subjects have labels, too`() throws {
        try withDataset { folder, catalog in
            let clips = try take("clip,study_key,view\n21/0,21,1\n21/1,21,2\nx/y,x,3\n", folder, unit: .clip)
            #expect(
                clips.text
                    == "own: 2 clips of the dataset, and 1 that the dataset does not have\n  view: 3 known, 0 unknown"
            )
            #expect(
                try catalog.rows(Self.own) == [
                    "clip|view|21/0|1.0", "clip|view|21/1|2.0", "clip|view|x/y|3.0",
                ])
            _ = try take("subject_id,dead\n1.0,1\n2.0,0\n", folder, unit: .subject)
            #expect(try catalog.rows(Self.own) == ["subject|dead|1|1.0", "subject|dead|2|0.0"])
        }
    }

    @Test(arguments: [
        (
            "key,target,value\n21,a,1\n22,a,1\n21,a,2\n", LabelSource.Unit.study,
            "own.csv: line 4: names a study a second time"
        ),
        ("key,target,value\n21,,1\n", .study, "own.csv: line 2: names no target"),
        ("key,target,value\n21,a,0x1\n", .study, "own.csv: line 2: a label of it that is no number"),
        ("study_id,a\nx21,1\n", .study, "own.csv: line 2: a study_id that is no whole number"),
        ("study_id,\u{1B}[2Ja\n21,1\n", .study, "own.csv: the name of its column 2 holds control characters"),
        ("21,1,0\n22,2,1\n", .study, "own.csv: has neither or both of the columns study_id and study_key"),
        ("clip,a,split\n21/0,1,train\n", .clip, "own.csv: has a column split, and a split is a study's"),
        (
            "study_id,a,split\n21,1,train\n", .study,
            "own.csv: has a column split, and the splits of this dataset are link-icd's"
        ),
        ("study_id,a,split\n21,1,mine\n", .study, "own.csv: line 2: a split that is none of train"),
        ("clip,a\nq,1\n", .clip, "own.csv: names no clip that the dataset has clips of"),
    ]) func `a file that cannot be used changes nothing`(
        text: String, unit: LabelSource.Unit, message: String
    ) throws {
        try withDataset { folder, catalog in
            _ = try take("study_id,a\n21,1\n", folder)
            let error = try #require(throws: EchoError.self) { try take(text, folder, unit: unit) }
            #expect("\(error)".hasPrefix(message), "\(error)")
            #expect(try catalog.rows(Self.own) == ["study|a|21|1.0"])
        }
    }

    @Test func `splits come with the labels, by subject, or are drawn once`() throws {
        try withDataset(link: false) { folder, catalog in
            let drawn = try take("study_id,a\n21,1\n", folder)
            #expect(drawn.drawn && drawn.splits.values.reduce(0, +) == 3)
            #expect(try catalog.rows("SELECT count(*) FROM split") == ["3"])
            #expect(try !take("study_id,a\n21,1\n", folder).drawn)
            let given = try take("study_id,a,split\n21,1,Train\n22,0,dev\n23,1,held_out\n", folder)
            #expect(given.splits == ["train": 1, "val": 1, "test": 1])
            #expect(try catalog.rows("SELECT * FROM split") == ["1|train", "2|val", "3|test"])
            let known = try catalog.labels(of: ["a"], from: "own", in: .val)
            #expect(known.map(\.key) == ["22"] && known[0].subjectID == 2)
            let error = try #require(throws: EchoError.self) {
                try take("study_key,subject_id,a,split\nx,7,1,train\n21,1,1,val\ny,7,0,test\n", folder)
            }
            #expect("\(error)".hasPrefix("own.csv: line 4: gives a subject a second split"))
        }
    }

    @Test func `groups of codes are looked up in the linked stays`() throws {
        try withDataset { folder, catalog in
            let summary = try take(
                "prefix,group\nI50,heart failure\ne11.2,diabetes\nE10,diabetes\nI1,hypertension\nI10,essential\n",
                folder, groups: true)
            #expect(
                summary.targets.map(\.name) == ["heart failure", "diabetes", "hypertension", "essential"])
            #expect(
                try catalog.rows(
                    "SELECT target, group_concat(CAST(value AS INTEGER), '') FROM label WHERE source = 'own' GROUP BY 1"
                ) == [
                    "diabetes|010", "essential|110", "heart failure|100", "hypertension|110",
                ])
            let error = try #require(throws: EchoError.self) {
                try take("prefix,group\nI50.-,x\n", folder, groups: true)
            }
            #expect("\(error)".hasPrefix("own.csv: line 2: a prefix that is no beginning of a code"))
        }
    }

    @Test func `what is there is listed by split, and goes when it is dropped`() throws {
        try withDataset { folder, catalog in
            _ = try take("study_id,a,b\n21,1,0.5\n22,0,\n99,1,2\n", folder)
            let dataset = folder.path + "/dataset"
            let found = try listLabels(dataset: dataset)
            #expect(Set(found.map(\.source)) == ["link-icd", "own"])
            let a = try #require(found.first { $0.target == "a" }),
                b = try #require(found.first { $0.target == "b" })
            #expect(
                a.known == 3 && a.positives == 2 && a.splits["none"] == 1 && a.splits.values.reduce(0, +) == 3
            )
            #expect(b.known == 2 && b.unknown == 1 && b.positives == nil)
            #expect(found.text.contains("own, of studies\n  a: 3 known, 2 of them 1 ("))
            #expect(try dropLabels(dataset: dataset, name: "own", commandLine: "") == 6)
            #expect(try catalog.rows(Self.own).isEmpty)
            #expect(throws: EchoError.self) { try dropLabels(dataset: dataset, name: "own", commandLine: "") }
            #expect(throws: EchoError.self) {
                try dropLabels(dataset: dataset, name: "link-icd", commandLine: "")
            }
        }
    }

    @Test func `sources, targets and rules are compared, study by study and in total`() throws {
        try withDataset { folder, _ in
            _ = try take("study_id,I50,I10,x\n21,1,0,30\n22,1,1,60\n23,,0,35\n", folder)
            let dataset = folder.path + "/dataset", file = folder.path + "/differences.csv"
            let found = try compareLabels(
                dataset: dataset, try LabelChoice("link-icd"), try LabelChoice("own"), file: file)
            #expect(
                found.targets.map(\.name) == ["I10", "I50"] && found.onlyFirst == ["E11", "F32"]
                    && found.onlySecond == ["x"])
            #expect(
                found.targets[0].both == 3 && found.targets[0].equal == 2
                    && found.targets[0].table == [1, 1, 0, 1])
            #expect(
                found.targets[1].both == 2 && found.targets[1].onlyFirst == 1
                    && found.targets[1].table == [1, 0, 1, 0])
            #expect(
                try String(contentsOfFile: file, encoding: .utf8)
                    == "key,target,first,second\n21,I10,1.0,0.0\n22,I50,0.0,1.0\n23,I50,0.0,\n")
            // (1, 1), (0, 0), (0, 1): expected agreement 4 / 9, observed 2 / 3.
            let pair = try compareLabels(
                dataset: dataset, LabelChoice("link-icd:I50"), LabelChoice("own:x<40")
            ).targets[0]
            #expect(pair.table == [1, 0, 1, 1] && pair.sensitivity == 0.5 && pair.precision == 1)
            let (expected, observed) = (4.0 / 9, 2.0 / 3)
            let kappa = try #require(pair.kappa)
            #expect(abs(kappa - (observed - expected) / (1 - expected)) < 1e-12)
            // Another rule, in another folder.
            let other = folder.appendingPathComponent("other")
            try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
            _ = try linkICD(
                dataset: other.path, mimicIV: folder.path + "/hosp",
                options: LinkOptions(
                    echo: folder.path + "/echo", window: StayWindow(before: -36),
                    split: try SplitRule("1/1/1", seed: 4)))
            let rules = try #require(throws: EchoError.self) {
                try compareLabels(
                    dataset: dataset, LabelChoice("link-icd"), LabelChoice("link-icd"), other: other.path)
            }
            #expect("\(rules)".contains("there are no labels link-icd"))
        }
    }
}
