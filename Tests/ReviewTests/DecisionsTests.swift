// What decisions do to those who read a dataset: excluded clips leave, answers are labels, dropped clips may come in.

import EchoCore
import Foundation
import GRDB
import TestSupport
import Testing

struct DecisionsTests {
    /// A dataset of two studies, with the names and sums of its clips.
    private func withDataset(
        _ body: (
            _ folder: String, _ kept: [(name: String, sum: String)], _ dropped: (name: String, sum: String)
        )
            throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let folder = folder.path
            #expect(
                try Built.run(
                    "phantom", folder + "/ph", "--studies", "2", "--frames", "4", "--size", "96x128"
                )
                .status == 0)
            #expect(try ingest(folder).status == 0)
            let rows = try DatabaseQueue(path: folder + "/ds/echoprep.sqlite").read { db in
                try Row.fetchAll(db, sql: "SELECT name, sha256, kept, reason FROM clip ORDER BY id")
            }
            let kept = rows.filter { $0[2] == 1 }.map { (name: $0[0] as String, sum: $0[1] as String) }
            let dropped = try #require(rows.first { $0[3] == "doppler" })
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
