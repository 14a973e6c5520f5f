// What is not on the disk is downloaded by the user's own command, studies at a time, and never takes more than its space.

import Catalog
import EchoCore
import Files
import Foundation
import Ingest
import Testing
import TestSupport

@Suite struct StageTests {
    /// A release that is elsewhere, and a source that holds nothing but its lists.
    private struct Remote {
        let release: Release
        let source: String
        let remote: String

        init(_ folder: URL, studies: Int = 6, large: [Int] = []) throws {
            var release = try Release(folder.appendingPathComponent("remote"), studies: studies)
            for study in large {
                let bytes = try TinySource.bytes(
                    .bmode, seed: UInt64(5000 + study), height: 240, width: 320, frames: 12)
                release.set(Release.path(study, 1), bytes: bytes)
            }
            try release.write()
            self.release = release
            remote = release.folder.path
            source = folder.path + "/source"
            try makeFolder(source)
            let list = "/echo-record-list.csv"
            try writeFile(source + list, readFile(remote + list))
            var sums = release.files.sorted { $0.key < $1.key }.map {
                "\(sha256($0.value.bytes))  \($0.key)\n"
            }
            sums.append("\(sha256(try readFile(remote + list)))  echo-record-list.csv\n")
            try writeFile(source + "/SHA256SUMS.txt", Array(sums.joined().utf8))
        }

        func options(_ dataset: URL, _ command: String, space: Int) throws -> IngestOptions {
            var options = IngestOptions(source: source, dataset: dataset.path)
            options.jobs = 2
            options.rules.size = 32
            options.rules.shardSize = 8 << 10
            var stage = try StageOptions(command: command, space: space)
            stage.jobs = 3
            stage.wait = 0.02
            stage.patience = 0.5
            options.stage = stage
            return options
        }

        /// The dataset that is made without a detour.
        func plain(_ dataset: URL) throws {
            var options = IngestOptions(source: remote, dataset: dataset.path)
            options.jobs = 2
            options.rules.size = 32
            options.rules.shardSize = 8 << 10
            _ = try ingest(options)
        }
    }

    private func expectSame(_ one: URL, _ other: URL) throws {
        let contents = try [one, other].map { try Contents($0) }
        #expect(contents[0].studies == contents[1].studies)
        let rows = contents.map {
            $0.rows.map { row in (row.path, row.name, row.reason, row.sha256, row.flags) }
        }
        #expect(rows[0].elementsEqual(rows[1]) { $0 == $1 })
        #expect(try shardBytes(one) == shardBytes(other))
    }

    /// The most bytes of files below a folder while `body` runs.
    private func most(in folder: String, while body: () throws -> Void) throws -> Int {
        let isDone = Monitor(false), most = Monitor(0)
        let sampler = Background {
            while !isDone.change({ $0 }) {
                var bytes = 0
                for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
                    let facts = try? FileManager.default.attributesOfItem(atPath: folder + "/" + name)
                    if facts?[.type] as? FileAttributeType == .typeRegular {
                        bytes += facts?[.size] as? Int ?? 0
                    }
                }
                most.change { $0 = max($0, bytes) }
                usleep(2000)
            }
        }
        defer {
            isDone.change { $0 = true }
            sampler.wait()
        }
        try body()
        return most.change { $0 }
    }

    @Test(arguments: ["cp REMOTE/{path} {to}", "cp -r REMOTE/{folder} {to}", "cp -r REMOTE/{folder}/. {to}"])
    func `a dataset is the same whether its files were there or downloaded, within the space`(command: String)
        throws
    {
        try withTemporaryFolder { folder in
            let remote = try Remote(folder, large: [4])
            let (plain, staged) = (
                folder.appendingPathComponent("plain"), folder.appendingPathComponent("staged")
            )
            try remote.plain(plain)
            // The large study outgrows what files of the others are thought to have.
            let space = 2 << 20
            let command = command.replacing("REMOTE", with: remote.remote)
            let bytes = try most(in: staged.path + "/.stage") {
                let summary = try ingest(remote.options(staged, command, space: space))
                #expect(summary.notDownloaded.isEmpty && summary.kept == 12)
            }
            #expect(bytes > 0 && bytes <= space)
            try expectSame(plain, staged)
            #expect(!FileManager.default.fileExists(atPath: staged.path + "/.stage"))
            #expect(try ingest(remote.options(staged, "false {path} {to}", space: space)).filesRead == 0)
        }
    }

    @Test func `commands that fail, cut, stall or bring other bytes are tried again`() throws {
        try withTemporaryFolder { folder in
            let remote = try Remote(folder)
            let (plain, staged) = (
                folder.appendingPathComponent("plain"), folder.appendingPathComponent("staged")
            )
            try remote.plain(plain)
            let state = folder.path + "/state", script = folder.path + "/fetch.sh"
            try makeFolder(state)
            // The first time each clip 1 fails, 2 is cut or brings other bytes, 3 stalls for one study.
            let text = """
                path="$1"; to="$2"; seen="\(state)/$(echo "$path" | tr / _)"
                if [ ! -e "$seen" ]; then
                  : >"$seen"
                  case "$path" in
                    *_0001.dcm) echo "connection refused" >&2; exit 7 ;;
                    *p10000003*_0002.dcm) head -c 100 "\(remote.remote)/$path" >"$to"; exit 18 ;;
                    *_0002.dcm) echo "<html>busy</html>" >"$to"; exit 0 ;;
                    *p10000002*_0003.dcm) sleep 60 ;;
                  esac
                fi
                cp "\(remote.remote)/$path" "$to"
                """
            try writeFile(script, Array(text.utf8))
            let summary = try ingest(
                remote.options(staged, "sh \(script) {path} {to}", space: 64 << 20))
            #expect(summary.notDownloaded.isEmpty)
            try expectSame(plain, staged)
        }
    }

    @Test func `what could not be had is told, and had by the next run`() throws {
        try withTemporaryFolder { folder in
            let remote = try Remote(folder)
            let (plain, staged) = (
                folder.appendingPathComponent("plain"), folder.appendingPathComponent("staged")
            )
            try remote.plain(plain)
            let gone = [Release.path(2, 1), Release.path(5, 3)]
            for path in gone {
                try moveFile(remote.remote + "/" + path, to: remote.remote + "/" + path + ".away")
            }
            var options = try remote.options(staged, "cp \(remote.remote)/{path} {to}", space: 64 << 20)
            options.stage?.tries = 2
            let first = try ingest(options)
            #expect(first.notDownloaded == gone && first.dropped["missing"] == 2 && first.kept == 10)
            #expect(
                first.text.contains("not downloaded: 2 files; the same command tries again\n  \(gone[0])\n"))
            let words = try String(contentsOfFile: #require(first.stageLog), encoding: .utf8)
            #expect(words.contains("No such file"))
            for path in gone {
                try moveFile(remote.remote + "/" + path + ".away", to: remote.remote + "/" + path)
            }
            let second = try ingest(options)
            #expect(second.filesRead == 2 && second.kept == 12 && second.notDownloaded.isEmpty)
            let studies = try [plain, staged].map { try Contents($0).studies }
            #expect(studies[0] == studies[1])
        }
    }

    @Test func `a command without a place is refused, and a source without a list`() throws {
        for command in ["cp a b", "cp {path} b", "cp {path} {folder} {to}"] {
            #expect(throws: EchoError.self) { try StageOptions(command: command, space: 1 << 20) }
        }
        try withTemporaryFolder { folder in
            let source = folder.path + "/source"
            try makeFolder(source)
            var options = IngestOptions(source: source, dataset: folder.path + "/dataset")
            options.stage = try StageOptions(command: "cp {path} {to}", space: 1 << 20)
            let error = #expect(throws: EchoError.self) { try ingest(options) }
            #expect(error?.problem == "the source has no list of its files")
        }
    }

    @Test func `Ctrl-C ends the commands, too`() throws {
        try withTemporaryFolder { folder in
            let remote = try Remote(folder, studies: 2)
            let pid = folder.path + "/pid"
            let process = try Built.start([
                "ingest", remote.source, "--dataset", folder.path + "/dataset", "--stage-jobs", "1",
                "--stage",
                "echo $$ >\(pid); sleep 1000; : {path} {to}",
            ])
            while process.isRunning, (try? readFile(pid).isEmpty) ?? true {
                Thread.sleep(forTimeInterval: 0.01)
            }
            process.interrupt()
            process.waitUntilExit()
            #expect(process.terminationStatus == 130)
            let number = String(decoding: try readFile(pid), as: UTF8.self).prefix { $0.isNumber }
            #expect(kill(try #require(Int32(number)), 0) == -1)
        }
    }

    @Test func `a staged ingest killed at random moments ends as an undisturbed one`() throws {
        try withTemporaryFolder { folder in
            let remote = try Remote(folder, studies: 8)
            let (plain, staged) = (
                folder.appendingPathComponent("plain"), folder.appendingPathComponent("staged")
            )
            try remote.plain(plain)
            let arguments = [
                "ingest", remote.source, "--dataset", staged.path, "--size", "32", "--shard-size", "8KiB",
                "--jobs", "2", "--space", "1MiB", "--stage", "sleep 0.02; cp \(remote.remote)/{path} {to}",
            ]
            var random = SeededRandom(seed: 3, "kill")
            for _ in 0..<10 {
                let process = try Built.start(arguments)
                Thread.sleep(forTimeInterval: random.uniform(0...0.8))
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            let outcome = try Built.run(arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            try expectSame(plain, staged)
        }
    }
}
