import Catalog
import EchoCore
import Foundation
import GRDB
import Labels
import Testing
import TestSupport

/// Our counts beside the paper's.
@Suite struct PaperTests {
    /// The paper's forty, with the studies that have each.
    private static func paper(_ catalog: Catalog) throws -> [(code: String, studies: Int)] {
        try catalog.read { db in
            try Row.fetchAll(db, sql: "SELECT category, n_positive FROM paper_prevalence ORDER BY category")
                .map { ($0[0], $0[1]) }
        }
    }

    /// 7,114 studies, of which 3,438 lie in stays with as many of each code as the paper has.
    private static func planted() throws -> SmallMIMIC {
        var small = SmallMIMIC()
        small.add(stay: 1, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-02 00:00:00")
        small.add(codes: "I50", of: 1, stay: 1)
        small.add(study: 1, of: 1, at: "2150-01-01 12:00:00")
        let counts = try withTemporaryFolder { try paper(try small.link(in: $0).catalog) }
        var mimic = SmallMIMIC()
        var codes = [[String]](repeating: [], count: 3_438)
        var place = 0
        for (code, studies) in counts {
            for _ in 0..<studies {
                codes[place % codes.count].append(code)
                place += 1
            }
        }
        for subject in 1...7_114 {
            if subject <= codes.count {
                mimic.add(stay: subject, of: subject, from: "2150-01-01 00:00:00", to: "2150-01-02 00:00:00")
                for (seq, code) in codes[subject - 1].enumerated() {
                    mimic.diagnoses += "\(subject),\(subject),\(seq + 1),\(code),10\n"
                }
            }
            mimic.studies += "\(subject),\(subject),2150-01-01 12:00:00\n"
        }
        return mimic
    }

    @Test func `a cohort planted to the paper's counts equals it forty times`() throws {
        try withTemporaryFolder { folder in
            let linked = try Self.planted().link(in: folder) { $0.targets.codes = "paper" }
            let paper = try #require(linked.summary.paper)
            #expect(paper.denominator == 3_438 && paper.labelled == 3_438 && paper.labelledWithClips == nil)
            #expect(paper.categories.map(\.mark) == Array(repeating: "=", count: 40))
            #expect(paper.categories.allSatisfy { $0.rank == $0.paperRank && $0.standardErrors == 0 })
            #expect(paper.onlyOurs.isEmpty && paper.onlyPaper.isEmpty && paper.meanAbsoluteDifference == 0)
            #expect(linked.summary.targets.map(\.category) == paper.categories.map(\.category).sorted())
            #expect(try linked.rows("SELECT value FROM v_rule WHERE key = 'codes'") == ["paper"])
            #expect(
                try linked.rows("SELECT count(*) FROM v_paper WHERE mark = '=' AND n_labelled = 3438") == [
                    "40"
                ])
            let text = linked.summary.text
            #expect(text.split(separator: "\n").count { $0.hasPrefix("  =  ") } == 40)
            #expect(text.contains("beside the paper: 3,438 labelled studies, 3,438 there"))
            #expect(
                text.contains("  =   1,929  56.11 %   1,929  56.11 %    +0.00   +0.0 SE    1  (1)  E78 "))
            #expect(text.contains("    no clips yet   173,609 videos"))
        }
    }

    /// Ten subjects of one to three studies; the standard error is that of the ratio of two sums over subjects.
    @Test func `surprises are in standard errors by subject, and come in their order`() throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC(), sizes: [Int] = [], positives: [Int] = []
            for subject in 1...10 {
                let studies = 1 + subject % 3
                mimic.add(stay: subject, of: subject, from: "2150-01-01 00:00:00", to: "2150-02-01 00:00:00")
                mimic.add(codes: subject % 2 == 0 ? "I10" : "F32", "R69", of: subject, stay: subject)
                for n in 0..<studies {
                    mimic.add(study: 10 * subject + n, of: subject, at: "2150-01-0\(2 + n) 00:00:00")
                }
                sizes.append(studies)
                positives.append(subject % 2 == 0 ? studies : 0)
            }
            let paper = try #require(try mimic.link(in: folder).summary.paper)
            let all = sizes.reduce(0, +), share = Double(positives.reduce(0, +)) / Double(all)
            let squares = zip(sizes, positives).map { pow(Double($1) - share * Double($0), 2) }.reduce(0, +)
            let error = (squares / pow(Double(all), 2) * 10 / 9).squareRoot()
            let row = try #require(paper.categories.first { $0.category == "I10" })
            #expect(abs(try #require(row.standardErrors) - (share - 966 / 3_438) / error) < 1e-9)
            #expect(row.rank == 2 || row.rank == 3)
            // Of what nobody has, that of the paper's prevalence.
            let none = try #require(paper.categories.first { $0.category == "E78" })
            let printed = 1_929.0 / 3_438, ofNone = (printed * (1 - printed) * 46 / 400).squareRoot()
            #expect(abs(try #require(none.standardErrors) + printed / ofNone) < 1e-9)
            #expect(none.mark == "!" && none.rank == nil)
            let surprises = paper.categories.map { abs($0.standardErrors ?? 0) }
            #expect(surprises == surprises.sorted(by: >) && surprises[0] == abs(none.standardErrors ?? 0))
            #expect(paper.onlyOurs == ["R69"] && paper.onlyPaper.count == 38)
        }
    }

    @Test func `where clips are there, studies without one are not counted`() throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            for subject in 1...4 {
                mimic.add(stay: subject, of: subject, from: "2150-01-01 00:00:00", to: "2150-02-01 00:00:00")
                mimic.add(codes: subject < 3 ? "I10" : "F32", of: subject, stay: subject)
                mimic.add(study: subject, of: subject, at: "2150-01-02 00:00:00")
            }
            let linked = try mimic.link(in: folder)
            #expect(linked.summary.paper?.denominator == 4)
            try DatabaseQueue(path: folder.path + "/dataset/echoprep.sqlite").write { db in
                try db.execute(
                    sql: """
                        INSERT INTO run (id, command, started_at, program_version, schema_version, command_line)
                        VALUES (99, 'ingest', '', '', 6, '');
                        INSERT INTO clip (run_id, study_key, study_id, subject_id, name, path, kept, shard) VALUES
                            (99, '1', 1, 1, '1/a', 'a', 1, 'x'), (99, '1', 1, 1, '1/b', 'b', 1, 'x'),
                            (99, '3', 3, 3, '3/a', 'c', 1, 'x');
                        """)
            }
            let paper = try #require(try linked.catalog.paperComparison())
            #expect(paper.labelled == 4 && paper.labelledWithClips == 2 && paper.denominator == 2)
            #expect(paper.categories.first { $0.category == "I10" }?.positives == 1)
            #expect(
                paper.cohort.map(\.name) == [
                    "studies, train", "studies, val", "studies, test", "videos", "views a study",
                ])
            #expect(paper.cohort[3].here == 3 && paper.cohort[4].here == 1.5)
        }
    }

    @Test func `other levels are not compared, and cannot take the paper's list`() throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            mimic.add(stay: 11, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-02 00:00:00")
            mimic.add(codes: "I50.20", of: 1, stay: 11)
            mimic.add(study: 21, of: 1, at: "2150-01-01 12:00:00")
            let blocks = try mimic.link(in: folder) { $0.labels.level = .block }
            #expect(blocks.summary.paper == nil)
            let error = #expect(throws: EchoError.self) {
                try mimic.link(in: folder) {
                    $0.labels.level = .block
                    $0.targets.codes = "paper"
                }
            }
            #expect(error?.place == "--codes paper")
        }
    }
}
