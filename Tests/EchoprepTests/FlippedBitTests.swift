// One bit that changed by itself, in a database, a shard or a checkpoint: `verify` says so.

import Foundation
import GRDB
import TestSupport
import Testing

@Suite(.serialized) struct FlippedBitTests {
    /// A dataset with labels of MIMIC and of one's own, and a run; made once for all flips.
    private static let made: Result<URL, any Error> = Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "echoprep-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for command in [
            "phantom ph --studies 8 --frames 4 --size 96x128 --no-extras",
            "ingest ph/mimic-iv-echo --dataset data --size 32 --shard-size 64KiB",
            "link-icd --dataset data --mimic-iv ph/mimiciv/hosp --split 40/30/30 --top 4",
            "train --dataset data --run run --epochs 1 --preset tiny --frames 2 --views 2 --threads 1",
        ] {
            let outcome = try Built.run(command.split(separator: " ").map(String.init), in: folder)
            try #require(outcome.status == 0, "\(command): \(outcome.errors)")
        }
        let studies = try DatabaseQueue(path: folder.path + "/data/echoprep.sqlite").read { db in
            try Int.fetchAll(db, sql: "SELECT study_id FROM echo_study ORDER BY 1")
        }
        let labels = "study_id,gls\n" + studies.enumerated().map { "\($1),\(-20 + $0)\n" }.joined()
        try Data(labels.utf8).write(to: folder.appendingPathComponent("gls.csv"))
        let imported = try Built.run(
            ["label", "import", "gls.csv", "--dataset", "data", "--name", "gls"], in: folder)
        try #require(imported.status == 0, "\(imported.errors)")
        return folder
    }

    /// All rows of all tables; nil where they cannot be read.
    private func rows(_ database: String) -> [String: [String]]? {
        var configuration = Configuration()
        configuration.readonly = true
        return try? DatabaseQueue(path: database, configuration: configuration).read { db in
            var found: [String: [String]] = [:]
            for table in try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'") {
                found[table] = try Row.fetchAll(db, sql: "SELECT * FROM \"\(table)\"").map(\.description)
            }
            return found
        }
    }

    @Test(arguments: 1...68) func `a flipped bit of a database that changes a row is found`(seed: Int)
        throws
    {
        let made = try Self.made.get(), whole = made.appendingPathComponent("data/echoprep.sqlite")
        try withTemporaryFolder { folder in
            let bytes = [UInt8](try Data(contentsOf: whole)), before = rows(whole.path)
            try FileManager.default.createSymbolicLink(
                at: folder.appendingPathComponent("shards"),
                withDestinationURL: made.appendingPathComponent("data/shards"))
            let file = folder.appendingPathComponent("echoprep.sqlite")
            var draw = Draw(seed)
            while true {
                var flipped = bytes
                let place = Int(draw.next() % UInt64(bytes.count))
                flipped[place] ^= 1 << UInt8(draw.next() % 8)
                try Data(flipped).write(to: file)
                // Much of a database is room that no row takes.
                if rows(file.path) == before { continue }
                let outcome = try Built.run("verify", folder.path)
                #expect(outcome.status == 1, "byte \(place): \(outcome.output)")
                break
            }
        }
    }

    @Test(arguments: 1...34) func `a flipped bit of a shard is found, wherever it is`(seed: Int) throws {
        let made = try Self.made.get().appendingPathComponent("data")
        try withTemporaryFolder { folder in
            try FileManager.default.copyItem(at: made, to: folder.appendingPathComponent("data"))
            try flip(in: folder.appendingPathComponent("data/shards"), seed)
            let outcome = try Built.run(["verify", "data"], in: folder)
            #expect(outcome.status == 1 && outcome.output.contains("shards/shard-"), "\(outcome.output)")
        }
    }

    @Test(arguments: 1...34) func `a flipped bit of a checkpoint is found, wherever it is`(seed: Int)
        throws
    {
        let made = try Self.made.get().appendingPathComponent("run")
        try withTemporaryFolder { folder in
            try FileManager.default.copyItem(at: made, to: folder.appendingPathComponent("run"))
            #expect(try Built.run(["verify", "run"], in: folder).status == 0)
            try flip(in: folder.appendingPathComponent("run/checkpoints"), seed)
            let outcome = try Built.run(["verify", "run"], in: folder)
            #expect(outcome.status == 1 && outcome.output.contains("checkpoints/"), "\(outcome.output)")
        }
    }

    /// Flips a bit of one of the files of a folder: every other time one of the first 4,096 bytes, where headers are.
    private func flip(in folder: URL, _ seed: Int) throws {
        var draw = Draw(seed)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            !$0.hasPrefix(".")
        }.sorted()
        let file = folder.appendingPathComponent(names[Int(draw.next() % UInt64(names.count))])
        var bytes = [UInt8](try Data(contentsOf: file))
        let place = Int(draw.next() % UInt64(seed % 2 == 0 ? min(4096, bytes.count) : bytes.count))
        bytes[place] ^= 1 << UInt8(draw.next() % 8)
        try Data(bytes).write(to: file)
    }

    @Test func `an undamaged dataset is as it was left after every command that writes to it`() throws {
        let made = try Self.made.get()
        try withTemporaryFolder { folder in
            for name in ["ph", "data", "gls.csv"] {
                try FileManager.default.copyItem(
                    at: made.appendingPathComponent(name), to: folder.appendingPathComponent(name))
            }
            for command in [
                "label drop --dataset data --name gls", "label import gls.csv --dataset data --name other",
                "ingest ph/mimic-iv-echo --dataset data --size 32 --shard-size 64KiB",
                "link-icd --dataset data --mimic-iv ph/mimiciv/hosp --split 50/25/25 --top 3",
                "merge data --compact",
            ] {
                let outcome = try Built.run(command.split(separator: " ").map(String.init), in: folder)
                #expect(outcome.status == 0, "\(command): \(outcome.errors)")
                let verified = try Built.run(["verify", "data"], in: folder)
                #expect(
                    verified.status == 0 && !verified.output.contains("not summed"),
                    "\(command): \(verified.output)")
            }
        }
    }

    @Test func `labels that were altered are made anew, and rows that were altered stay found`() throws {
        let made = try Self.made.get()
        try withTemporaryFolder { folder in
            for name in ["ph", "data"] {
                try FileManager.default.copyItem(
                    at: made.appendingPathComponent(name), to: folder.appendingPathComponent(name))
            }
            let file = folder.path + "/data/echoprep.sqlite"
            func alter(_ sql: String) throws {
                // As a bit does: what counts the changes of the file stays as it was.
                let counters = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
                try DatabaseQueue(path: file).write { try $0.execute(sql: sql) }
                var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
                for place in Array(24..<28) + Array(92..<96) { bytes[place] = counters[place] }
                try Data(bytes).write(to: URL(fileURLWithPath: file))
            }
            func run(_ command: String) throws -> Outcome {
                try Built.run(command.split(separator: " ").map(String.init), in: folder)
            }
            let link = "link-icd --dataset data --mimic-iv ph/mimiciv/hosp --split 40/30/30 --top 4"
            _ = try run(link)
            #expect(try run(link).output.contains("labelled before by the same rules"))
            try alter("UPDATE split SET split = CASE split WHEN 'test' THEN 'train' ELSE 'test' END")
            let found = try run("verify data")
            #expect(
                found.status == 1 && found.output.contains("table split: are not as link-icd of "),
                "\(found.output)")
            #expect(try !run(link).output.contains("labelled before by the same rules"))
            #expect(try run("verify data").status == 0)
            // A command that adds to a table does not take what others changed for its own.
            try alter("UPDATE clip SET height = height + 1 WHERE id = 1")
            #expect(
                try run("ingest ph/mimic-iv-echo --dataset data --size 32 --shard-size 64KiB").status == 0)
            let still = try run("verify data")
            #expect(
                still.status == 1 && still.output.contains("table clip: were no longer"), "\(still.output)")
        }
    }
}

/// SplitMix64.
private struct Draw {
    private var state: UInt64

    init(_ seed: Int) { state = UInt64(seed) }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
