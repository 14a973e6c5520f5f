// A release that changes under a dataset: the dataset follows, and is as if it had been made of the new release alone.

import Catalog
import EchoCore
import Files
import Foundation
import GRDB
import Ingest
import Shards
import Testing
import TestSupport

@Suite struct ReleaseTests {
    private func options(_ release: Release, _ dataset: URL) -> IngestOptions {
        var options = IngestOptions(source: release.folder.path, dataset: dataset.path)
        options.jobs = 2
        options.rules.size = 32
        options.rules.shardSize = 8 << 10
        return options
    }

    /// Calls `body` with a release of seven studies, a dataset that is made of it and the folder that holds both.
    private func withDataset(_ body: (inout Release, URL, URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            var release = try Release(folder.appendingPathComponent("source"), studies: 7)
            try release.write()
            let dataset = folder.appendingPathComponent("dataset")
            _ = try ingest(options(release, dataset))
            try body(&release, dataset, folder)
        }
    }

    /// Whether a dataset is one that was made of the release as it is now.
    private func expectFresh(_ dataset: URL, _ release: Release, in folder: URL) throws {
        let fresh = folder.appendingPathComponent("fresh-\(UUID().uuidString)")
        _ = try ingest(options(release, fresh))
        let (now, then) = (try Contents(dataset), try Contents(fresh))
        #expect(now.rows == then.rows)
        #expect(now.studies == then.studies)
        #expect(try verify(dataset: dataset.path, jobs: 2).problems.isEmpty)
    }

    private func changes(_ text: [SourceChange: Int]) -> SourceChanges {
        text.reduce(into: SourceChanges()) { $0[$1.key] = $1.value }
    }

    /// One study withdrawn, one moved to another subject, one whose subject was corrected, new files, other bytes.
    private func change(_ release: inout Release) throws {
        for clip in 1...3 { release.remove(Release.path(1, clip)) }
        release.move(study: 2, to: 19_999_999)
        release.correct(study: 3, subject: 10_000_999)
        release.add(Release.path(4, 4), study: 4, try Release.clip(1000))
        release.add(Release.path(8, 1), study: 8, try Release.clip(1001))
        release.set(Release.path(5, 1), bytes: try Release.clip(1002))
        release.remove(Release.path(6, 3))
        try release.write()
    }

    @Test func `two names that are one text in other bytes are two files, at every ingest`() throws {
        try withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("source"),
                dataset = folder.appendingPathComponent("dataset")
            // The second is dropped, with that reason.
            let paths = ["s1/cafe\u{301}.dcm", "s1/caf\u{E9}.dcm"]
            try makeFolder(source.appendingPathComponent("s1").path)
            func write(_ place: Int, seed: UInt64) throws {
                let bytes = try TinySource.bytes(.bmode, seed: seed, height: 120, width: 160, frames: 6)
                try writeFile("\(source.path)/\(paths[place])", bytes)
            }
            for place in paths.indices { try write(place, seed: UInt64(place)) }
            let options = IngestOptions(source: source.path, dataset: dataset.path)
            func known() throws -> [[UInt8]] {
                try Catalog(datasetFolder: dataset.path, readOnly: true).clips().map { Array($0.path.utf8) }
            }
            _ = try ingest(options)
            let before = try known()
            #expect(Set(before) == Set(paths.map { Array($0.utf8) }))
            #expect(try ingest(options).filesRead == 0)
            for place in paths.indices {
                try write(place, seed: 7 + UInt64(place))
                #expect(try ingest(options).filesRead == 1 - place)
                #expect(try known() == before)
            }
            #expect(try verify(dataset: dataset.path, jobs: 2).problems.isEmpty)
        }
    }

    @Test func `a corrected release becomes what a fresh ingest of it would be`() throws {
        try withDataset { release, dataset, folder in
            try change(&release)
            let plan = try planIngest(options(release, dataset))
            let summary = try ingest(options(release, dataset))
            let expected = changes([.new: 2, .changed: 1, .withdrawn: 4, .moved: 3, .corrected: 3])
            #expect(summary.changes == expected && plan.changes == expected)
            #expect(
                summary.text.contains(
                    "changed: 2 new, 1 with other bytes, 4 withdrawn, 3 moved, 3 with corrected ids\n"))
            // A study's and a file's clips, and the one whose bytes are others.
            #expect(summary.withdrawnStored == 4 && summary.filesRead == 3)
            try expectFresh(dataset, release, in: folder)
            let again = try ingest(options(release, dataset))
            #expect(again.filesRead == 0)
            #expect(try planIngest(options(release, dataset)).changes.isEmpty)
            let catalog = try Catalog(datasetFolder: dataset.path, readOnly: true)
            #expect(
                try catalog.read { try String.fetchAll($0, sql: "SELECT changes FROM run ORDER BY id") }
                    == [#"{"new":21}"#, #"{"changed":1,"corrected":3,"moved":3,"new":2,"withdrawn":4}"#])
        }
    }

    @Test func `compact shards hold what is there under its own name, and nothing withdrawn`() throws {
        try withDataset { release, dataset, folder in
            try change(&release)
            _ = try ingest(options(release, dataset))
            let before = try Contents(dataset)
            #expect(try verify(dataset: dataset.path).withdrawn == 4)
            let shards = try shardBytes(dataset)
            let outcome = try Built.run("merge", "--compact", dataset.path)
            #expect(outcome.status == 0 && outcome.output.hasPrefix("4 withdrawn clips and"))
            #expect(try Contents(dataset) == before)
            let seen = try verify(dataset: dataset.path)
            #expect(seen.problems.isEmpty && seen.withdrawn == 0)
            // What had nothing to lose is as it was.
            #expect(try shardBytes(dataset).contains { shards[$0.key] == $0.value })
            let names = try entries(ofFolder: dataset.path + "/shards").flatMap {
                try SafetensorsFile(path: dataset.path + "/shards/" + $0.name).names
            }
            let kept = try Catalog(datasetFolder: dataset.path, readOnly: true).clips().filter(\.kept)
            #expect(Set(names) == Set(kept.map(\.name)) && kept.allSatisfy { $0.tensor == nil })
            #expect(try ingest(options(release, dataset)).filesRead == 0)
            #expect(try compact(dataset: dataset.path).shards == 0)
            try expectFresh(dataset, release, in: folder)
        }
    }

    @Test func `a dry run says what changed and does nothing`() throws {
        try withDataset { release, dataset, _ in
            try change(&release)
            let before = try readFile(dataset.path + "/echoprep.sqlite")
            let plan = try Built.run(
                "ingest", release.folder.path, "--dataset", dataset.path, "--size", "32", "--dry-run")
            #expect(plan.status == 0)
            #expect(plan.output.contains("changed: 2 new, 1 with other bytes, 4 withdrawn, 3 moved, 3 with"))
            #expect(try readFile(dataset.path + "/echoprep.sqlite") == before)
        }
    }

    @Test func `what a list names again comes back without its file`() throws {
        try withDataset { release, dataset, folder in
            let before = try Contents(dataset)
            var less = release
            for clip in 1...3 { less.remove(Release.path(3, clip)) }
            // Withdrawn though they lie there still.
            try release.write()
            let list = less
            try list.write(only: { _ in false })
            let first = try ingest(options(list, dataset))
            #expect(first.changes == changes([.withdrawn: 3]))
            #expect(try Catalog(datasetFolder: dataset.path, readOnly: true).studies().count == 6)
            try release.write(only: { _ in false })
            let second = try ingest(options(release, dataset))
            #expect(second.changes == changes([.returned: 3]) && second.filesRead == 0)
            #expect(try Contents(dataset) == before)
            #expect(try verify(dataset: dataset.path).problems.isEmpty)
            _ = folder
        }
    }

    @Test func `what a list took back is not read though it lies there`() throws {
        try withDataset { release, dataset, _ in
            let path = Release.path(2, 1)
            let bytes = try readFile(release.folder.path + "/" + path)
            release.remove(path)
            try release.write()
            try writeFile(release.folder.path + "/" + path, bytes)
            for _ in 1...2 {
                let summary = try ingest(options(release, dataset))
                #expect(summary.changes[.withdrawn] == 1 && summary.lingering == 1 && summary.filesRead == 0)
            }
            #expect(try Catalog(datasetFolder: dataset.path, readOnly: true).clip(path) == nil)
        }
    }

    @Test func `files that were cut, empty or a web page are looked at when they are others`() throws {
        try withTemporaryFolder { folder in
            var release = try Release(folder.appendingPathComponent("source"), studies: 2)
            let whole = release
            release.set(Release.path(1, 1), bytes: [])
            release.set(Release.path(1, 3), bytes: Array("<html>log in</html>".utf8))
            release.set(Release.path(2, 1), bytes: Array(whole.files[Release.path(2, 1)]!.bytes.prefix(200)))
            // One that is cut behind its first frames is kept, flagged, until it is whole.
            release.set(Release.path(2, 3), bytes: whole.files[Release.path(2, 3)]!.bytes.dropLast(400))
            try release.write()
            let dataset = folder.appendingPathComponent("dataset")
            let first = try ingest(options(release, dataset))
            #expect(
                first.kept == 1 && first.dropped == ["still": 2, "empty": 1, "not-a-clip": 1, "truncated": 1])
            #expect(try ingest(options(release, dataset)).filesRead == 0)
            try whole.write()
            let second = try ingest(options(whole, dataset))
            #expect(second.kept == 4 && second.filesRead == 4)
            #expect(second.changes == changes([.new: 6, .again: 3, .changed: 1]))
            try expectFresh(dataset, whole, in: folder)
        }
    }

    @Test func `files that were only touched are not read again`() throws {
        try withDataset { release, dataset, folder in
            for path in release.files.keys {
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)],
                    ofItemAtPath: release.folder.path + "/" + path)
            }
            let summary = try ingest(options(release, dataset))
            #expect(summary.filesRead == 0 && !summary.changes.isMoreThanNew)
            try expectFresh(dataset, release, in: folder)
        }
    }

    @Test func `two files that change their bytes with each other keep both`() throws {
        try withDataset { release, dataset, folder in
            let (a, b) = (Release.path(2, 1), Release.path(5, 3))
            let bytes = (release.files[a]!.bytes, release.files[b]!.bytes)
            release.set(a, bytes: bytes.1)
            release.set(b, bytes: bytes.0)
            try release.write()
            _ = try ingest(options(release, dataset))
            try expectFresh(dataset, release, in: folder)
        }
    }

    @Test func `two studies that change their numbers with each other are told by the list`() throws {
        try withDataset { release, dataset, folder in
            for clip in 1...3 {
                let (a, b) = (Release.path(2, clip), Release.path(3, clip))
                let (first, second) = (release.files[a]!, release.files[b]!)
                release.add(a, study: 3, subject: second.subject, first.bytes)
                release.add(b, study: 2, subject: first.subject, second.bytes)
            }
            try release.write()
            let summary = try ingest(options(release, dataset))
            #expect(summary.changes == changes([.corrected: 6]) && summary.filesRead == 0)
            try expectFresh(dataset, release, in: folder)
            _ = try compact(dataset: dataset.path)
            try expectFresh(dataset, release, in: folder)
        }
    }

    @Test func `of two files with the same bytes the other is kept when one goes`() throws {
        try withTemporaryFolder { folder in
            var release = try Release(folder.appendingPathComponent("source"), studies: 3)
            release.set(Release.path(3, 1), bytes: release.files[Release.path(1, 1)]!.bytes)
            release.set(Release.path(3, 3), bytes: release.files[Release.path(1, 3)]!.bytes)
            try release.write()
            let dataset = folder.appendingPathComponent("dataset")
            #expect(try ingest(options(release, dataset)).dropped == ["still": 3, "duplicate": 2])
            // One is withdrawn, the other has other bytes; their twins are no longer there to be read.
            release.remove(Release.path(1, 1))
            release.set(Release.path(1, 3), bytes: try Release.clip(2000))
            try release.write(only: { $0 == Release.path(1, 3) })
            #expect(try ingest(options(release, dataset)).dropped == ["still": 3])
            try release.write()
            _ = try ingest(options(release, dataset))
            try expectFresh(dataset, release, in: folder)
        }
    }

    @Test func `half a download, deleted, and the other half make the dataset of the whole`() throws {
        for isListed in [true, false] {
            try withTemporaryFolder { folder in
                let release = try Release(folder.appendingPathComponent("source"), studies: 6)
                let dataset = folder.appendingPathComponent("dataset")
                let list = release.folder.path + "/echo-record-list.csv"
                for half in [[1, 2, 5], [3, 4, 6]] {
                    try release.write { path in half.contains { path.contains("s9000000\($0)/") } }
                    if !isListed { try removeFile(list) }
                    let summary = try ingest(options(release, dataset))
                    #expect(summary.kept == (half[0] == 1 ? 6 : 12) && summary.withdrawnStored == 0)
                }
                try release.write()
                if !isListed { try removeFile(list) }
                let fresh = folder.appendingPathComponent("fresh")
                _ = try ingest(options(release, fresh))
                let (now, then) = (try Contents(dataset), try Contents(fresh))
                #expect(now.studies == then.studies)
                // They came anew for the comparison.
                func timeless(_ rows: [ClipRecord]) -> [ClipRecord] {
                    rows.map { row in
                        var row = row
                        row.mtime = nil
                        return row
                    }
                }
                #expect(timeless(now.rows) == timeless(then.rows))
            }
        }
    }

    @Test func `a list of another source is refused, and so is one that its sums do not know`() throws {
        try withDataset { release, dataset, folder in
            let before = try Contents(dataset)
            var other = try Release(release.folder, studies: 3)
            for study in 1...3 { other.move(study: study, to: 15_000_000 + study) }
            for (index, path) in other.files.keys.sorted().enumerated() {
                other.set(path, bytes: try Release.clip(UInt64(3000 + index)))
            }
            try other.write()
            let error = #expect(throws: EchoError.self) { try ingest(options(other, dataset)) }
            #expect(error?.problem == "names none of the files that this dataset has")
            #expect(try Contents(dataset) == before)

            try release.write()
            let sums = release.folder.path + "/SHA256SUMS.txt"
            try writeFile(sums, Array("\(sha256([1, 2]))  echo-record-list.csv\n".utf8))
            let cut = #expect(throws: EchoError.self) { try ingest(options(release, dataset)) }
            #expect(cut?.place == "SHA256SUMS.txt")
            _ = folder
        }
    }

    @Test func `published sums tell what moved without its file, and flag what is not as published`() throws {
        try withDataset { release, dataset, _ in
            let bytes = release.files
            release.move(study: 2, to: 19_999_999)
            try release.write(only: { !$0.contains("p19999999") })
            var lines = release.files.map { "\(sha256($0.value.bytes))  ./\($0.key)" }
            lines.removeAll { $0.hasSuffix(Release.path(4, 1)) || $0.hasSuffix(Release.path(5, 1)) }
            lines += [Release.path(4, 1), Release.path(5, 1)].map { "\(sha256(Array($0.utf8)))  \($0)" }
            lines.append(
                "\(try sha256(ofFile: release.folder.path + "/echo-record-list.csv").hex)  echo-record-list.csv"
            )
            try writeFile(release.folder.path + "/SHA256SUMS.txt", Array(lines.joined(separator: "\n").utf8))
            try removeFile(release.folder.path + "/" + Release.path(5, 1))
            let summary = try ingest(options(release, dataset))
            #expect(summary.changes == changes([.moved: 3]))
            #expect(summary.otherSums == 2 && summary.outdated == 1)
            #expect(try verify(dataset: dataset.path).problems.isEmpty)
            let catalog = try Catalog(datasetFolder: dataset.path, readOnly: true)
            #expect(try catalog.clip(Release.path(4, 1))?.flags == "sum-differs")
            #expect(try catalog.clip(Release.path(2, 1, subject: 19_999_999))?.subjectID == 19_999_999)
            #expect(bytes.count == release.files.count)
        }
    }

    @Test func `labels of clips keep to them, and a withdrawn study is in no split`() throws {
        try withDataset { release, dataset, _ in
            let name = "90000002/90000002_0001"
            try Catalog(datasetFolder: dataset.path, readOnly: false).write { db in
                try db.execute(
                    sql: """
                        INSERT INTO label_source VALUES ('mine', NULL);
                        INSERT INTO label VALUES ('mine', 'clip', 'good', '\(name)', 1);
                        INSERT INTO split VALUES (10000001, 'train'), (10000002, 'train');
                        """)
            }
            for clip in 1...3 {
                let path = Release.path(2, clip)
                release.add(path, study: 9, subject: 10_000_002, release.files[path]!.bytes)
                release.remove(Release.path(1, clip))
            }
            try release.write()
            _ = try ingest(options(release, dataset))
            let catalog = try Catalog(datasetFolder: dataset.path, readOnly: true)
            #expect(
                try catalog.read { try String.fetchAll($0, sql: "SELECT key FROM label WHERE unit = 'clip'") }
                    == ["90000009/90000002_0001"])
            #expect(try catalog.studies(in: .train).map(\.key) == ["90000009"])
        }
    }

    @Test(arguments: [UInt64(1), 2])
    func `an ingest of a corrected release, killed at random moments, ends as an undisturbed one`(
        seed: UInt64
    )
        throws
    {
        try withTemporaryFolder { folder in
            var release = try Release(
                folder.appendingPathComponent("source"), studies: 7, frames: 8, height: 120, width: 160)
            try release.write()
            func arguments(_ dataset: URL) -> [String] {
                [
                    "ingest", release.folder.path, "--dataset", dataset.path, "--size", "32", "--shard-size",
                    "16KiB", "--jobs", "2",
                ]
            }
            let calm = folder.appendingPathComponent("calm"), stormy = folder.appendingPathComponent("stormy")
            for dataset in [calm, stormy] { #expect(try Built.run(arguments(dataset)).status == 0) }
            try change(&release)
            let started = ContinuousClock.now
            #expect(try Built.run(arguments(calm)).status == 0)
            let seconds = started.duration(to: .now) / .seconds(1)
            var random = SeededRandom(seed: seed, "kill")
            for _ in 0..<8 {
                let process = try Built.start(arguments(stormy))
                Thread.sleep(forTimeInterval: random.uniform(0...seconds))
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            #expect(try Built.run(arguments(stormy)).status == 0)
            #expect(try Contents(calm) == Contents(stormy))
            let changes = try [calm, stormy].map {
                try Catalog(datasetFolder: $0.path, readOnly: true).read {
                    try String.fetchOne($0, sql: "SELECT changes FROM run ORDER BY id DESC")
                }
            }
            #expect(changes[0] == changes[1] && changes[0] != nil)
            for _ in 0..<6 {
                let process = try Built.start(["merge", "--compact", stormy.path])
                Thread.sleep(forTimeInterval: random.uniform(0...seconds / 2))
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            #expect(try Built.run("merge", "--compact", stormy.path).status == 0)
            #expect(try Contents(calm) == Contents(stormy))
            let seen = try verify(dataset: stormy.path)
            #expect(seen.problems.isEmpty && seen.withdrawn == 0)
        }
    }
}
