// What decisions do to those who read a dataset: excluded clips leave, answers are labels, dropped clips may come in.

import EchoCore
import Foundation
import GRDB
import TestSupport
import Testing

struct DecisionsTests {
    /// A dataset of two studies, with the names and sums of its clips.
    private func withDataset(
        studies: Int = 2,
        _ body: (
            _ folder: String, _ kept: [(name: String, sum: String)], _ dropped: (name: String, sum: String)
        )
            throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let folder = folder.path
            #expect(
                try Built.run(
                    "phantom", folder + "/ph", "--studies", "\(studies)", "--frames", "4", "--size", "96x128"
                )
                .status == 0)
            #expect(try ingest(folder).status == 0)
            let rows = try DatabaseQueue(path: folder + "/ds/echoprep.sqlite").read { db in
                try Row.fetchAll(db, sql: "SELECT name, sha256, kept, reason FROM clip ORDER BY id")
            }
            let kept = rows.filter { $0[2] == 1 }.map { (name: $0[0] as String, sum: $0[1] as String) }
            let dropped = try #require(rows.first { ($0[3] as String?) == "doppler" })
            try body(folder, kept, (dropped[0], dropped[1]))
        }
    }

    private func ingest(_ folder: String, _ more: String...) throws -> Outcome {
        try Built.run(
            ["ingest", folder + "/ph/mimic-iv-echo", "--dataset", folder + "/ds", "--size", "32"] + more)
    }

    private func exported(_ folder: String, _ more: String...) throws -> [String] {
        let out = folder + "/out-\(UUID().uuidString)"
        let outcome = try Built.run(
            ["export", "clips", folder + "/ds", out, "--format", "npy"] + more)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try String(contentsOfFile: out + "/clips.csv", encoding: .utf8).split(separator: "\n")
        return lines.dropFirst().map { String($0.split(separator: ",")[1]) }
    }

    @Test func `a clip that all exclude is in nothing that asks, and a file that changed is another one`()
        throws
    {
        try withDataset { folder, kept, _ in
            let file = try DecidedFile(in: folder + "/ds")
            try file.decide("a", "clip", "exclude", of: kept[0].name, sha256: kept[0].sum)
            try file.decide("b", "clip", "exclude", of: kept[0].name, sha256: kept[0].sum)
            try file.decide("a", "clip", "exclude", of: kept[1].name, sha256: kept[1].sum)
            try file.decide("b", "clip", "keep", of: kept[1].name, sha256: kept[1].sum)
            try file.decide("a", "clip", "exclude", of: kept[2].name, sha256: "other bytes")
            let all = kept.map(\.name)
            #expect(try exported(folder) == all)
            #expect(try exported(folder, "--decisions", "none") == all)
            #expect(try exported(folder, "--decisions", "consensus") == Array(all[1...]))
            #expect(try exported(folder, "--decisions", "a") == Array(all[2...]))
            let unknown = try Built.run(
                "export", "clips", folder + "/ds", folder + "/x", "--format", "npy", "--decisions", "nobody")
            #expect(unknown.status == 1 && unknown.errors.contains("names no rater"))
            let verified = try Built.run("verify", folder + "/ds")
            #expect(verified.status == 0 && verified.output.contains("1 decided clips have other bytes now"))
        }
    }

    @Test func `labels and description leave without what people excluded, and with what they answered`()
        throws
    {
        try withDataset(studies: 12) { folder, _, _ in
            let dataset = folder + "/ds"
            let link = try Built.run(
                "link-icd", "--dataset", dataset, "--mimic-iv", folder + "/ph/mimiciv/hosp", "--split",
                "60/20/20")
            #expect(link.status == 0, "\(link.errors)")
            let out = folder + "/labels.csv"
            func labels(_ more: String...) throws -> [[Substring]] {
                let outcome = try Built.run(["export", "labels", out, "--dataset", dataset] + more)
                #expect(outcome.status == 0, "\(outcome.errors)")
                return try String(contentsOfFile: out, encoding: .utf8).split(separator: "\n")
                    .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
            }
            let all = try labels()
            let studies = all.dropFirst().map { String($0[0]) }
            let (first, second) = (studies[0], studies[1])
            let clips = try DatabaseQueue(path: dataset + "/echoprep.sqlite").read { db in
                try Row.fetchAll(
                    db, sql: "SELECT name, sha256 FROM clip WHERE kept = 1 AND study_key IN (?, ?)",
                    arguments: [first, second])
            }
            let file = try DecidedFile(in: dataset)
            // Of one study all, of the other one.
            let left = try #require(clips.first { ($0[0] as String).hasPrefix(second) })
            for clip in clips where (clip[0] as String).hasPrefix(first) || clip == left {
                try file.decide("a", "clip", "exclude", of: clip[0], sha256: clip[1])
            }
            try file.decide("a", "severity", "mild", ofStudy: second)
            #expect(try labels("--decisions", "none") == all)
            let decided = try labels("--decisions", "consensus")
            #expect(decided.dropFirst().map { String($0[0]) } == Array(studies.dropFirst()))
            #expect(
                decided[0].suffix(2) == ["review:severity=mild", "review:severity=none"]
                    && decided[1].suffix(2) == ["1", "0"] && decided[2].suffix(2) == ["", ""])
            #expect(decided[1].dropLast(2) == all[2][...])
            for format in ["parquet", "meds"] {
                let outcome = try Built.run(
                    "export", "labels", folder + "/" + format, "--dataset", dataset, "--format", format,
                    "--decisions", "a")
                #expect(outcome.status == 0 && outcome.errors.contains("decisions of a: "))
            }
            let croissant = try Built.run(
                "export", "croissant", "--dataset", dataset, "--decisions", "consensus")
            #expect(croissant.status == 0, "\(croissant.errors)")
            let text = try String(contentsOfFile: dataset + "/croissant.json", encoding: .utf8)
            #expect(text.contains("decisions of consensus: "))
            #expect(text.contains("labels/review:severity=mild"))
        }
    }

    @Test func `verify keeps to decisions: what is excluded may be broken, what is decided has to be there`()
        throws
    {
        try withDataset { folder, kept, _ in
            let file = try DecidedFile(in: folder + "/ds")
            try file.decide("a", "clip", "exclude", of: kept[0].name, sha256: kept[0].sum)
            try file.decide("a", "view", "A4C", of: kept[1].name, sha256: kept[1].sum)
            try DatabaseQueue(path: folder + "/ds/echoprep.sqlite").write { db in
                try db.execute(
                    sql: "UPDATE clip SET checksum = '0123456789abcdef' WHERE name = ?",
                    arguments: [kept[0].name])
                // Whose rows were altered is found by the table's own sum, whatever people decided.
                try db.execute(sql: "DELETE FROM table_sum WHERE name = 'clip'")
            }
            let whole = try Built.run("verify", folder + "/ds")
            #expect(whole.status == 1 && whole.output.contains("another checksum"))
            let decided = try Built.run("verify", folder + "/ds", "--decisions", "consensus")
            #expect(decided.status == 0, "\(decided.output)")
            #expect(decided.output.contains("decisions of consensus: 1 clips excluded, 1 answers"))
            #expect(decided.output.contains("\(kept.count - 1) clips and 1 that people exclude in 1 shards"))
            try file.decide("b", "view", "A4C", of: kept[2].name, sha256: "other bytes")
            try file.decide("b", "view", "A4C", of: "nowhere/0", sha256: "bytes of no file")
            #expect(try Built.run("verify", folder + "/ds", "--decisions", "a").status == 0)
            let orphaned = try Built.run("verify", folder + "/ds", "--decisions", "b")
            #expect(orphaned.status == 1)
            #expect(orphaned.output.contains("review.sqlite: 1 decided clips are gone"))
            #expect(orphaned.output.contains("review.sqlite: 1 decided clips have other bytes now"))
        }
    }

    @Test func `what people exclude and a command leaves in is told`() throws {
        try withDataset { folder, kept, _ in
            let file = try DecidedFile(in: folder + "/ds")
            try file.decide("a", "clip", "exclude", of: kept[0].name, sha256: kept[0].sum)
            let out = try Built.run("export", "clips", folder + "/ds", folder + "/out", "--format", "npy")
            #expect(out.status == 0 && out.errors.contains("1 clips that raters exclude are not left out"))
        }
    }

    @Test func `a dropped clip that people keep comes in with the next ingest, and stays`() throws {
        try withDataset { folder, kept, dropped in
            let file = try DecidedFile(in: folder + "/ds")
            try file.decide("a", "clip", "keep", of: dropped.name, sha256: dropped.sum)
            #expect(try ingest(folder).status == 0)
            #expect(try exported(folder).count == kept.count)
            #expect(try ingest(folder, "--decisions", "consensus").status == 0)
            #expect(try exported(folder).count == kept.count + 1)
            let database = try DatabaseQueue(path: folder + "/ds/echoprep.sqlite")
            let row = try database.read { db in
                try Row.fetchOne(
                    db, sql: "SELECT rule, kind FROM clip WHERE name = ?", arguments: [dropped.name])
            }
            #expect(row?[0] == "decision" && row?[1] == "doppler")
            #expect(
                try database.read { db in
                    try String.fetchOne(db, sql: "SELECT value FROM rule WHERE key = 'decisions'")
                }?.hasPrefix("consensus ") == true)
            #expect(try ingest(folder).status == 0)
            #expect(try exported(folder).count == kept.count + 1)
            #expect(try Built.run("verify", folder + "/ds").status == 0)
        }
    }

    @Test func `files of raters come together, and given again nothing doubles`() throws {
        try withDataset { folder, kept, _ in
            for rater in ["a", "b"] {
                let own = try DecidedFile(in: folder, named: "\(rater).sqlite")
                try own.decide(rater, "view", "A4C", of: kept[0].name, sha256: kept[0].sum)
                try own.decide(rater, "view", "PLAX", of: kept[1].name, sha256: kept[1].sum)
            }
            let merge = ["review", "merge", folder + "/ds", folder + "/a.sqlite", folder + "/b.sqlite"]
            #expect(try Built.run(merge).output.hasPrefix("4 decisions of 2 raters in 2 readings added"))
            #expect(try Built.run(merge).output.contains("0 decisions of 0 raters in 0 readings added"))
            let out = folder + "/decisions.csv"
            #expect(try Built.run("review", "export", folder + "/ds", out, "--rows", "consensus").status == 0)
            let lines = try String(contentsOfFile: out, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 3 && lines[1].contains(",view,A4C,2"))
            let other = try Built.run("review", "merge", folder + "/ds", folder + "/ds/echoprep.sqlite")
            #expect(other.status == 1 && other.errors.contains("is not a file of decisions"))
        }
    }
}
