import Foundation
import GRDB
import Testing
import TestSupport

/// README's own commands, run as they stand there on a phantom cohort of a few studies.
@Suite struct ReadmeTests {
    @Test func `every echoprep command of README does what it says`() throws {
        try withTemporaryFolder { folder in
            let phantom = folder.appendingPathComponent("phantom").path
            try expectDone(
                Built.run(
                    "phantom", phantom, "--studies", "24", "--frames", "10", "--size", "177x254", "--seed",
                    "10"))
            for name in ["mimic-iv-echo", "mimiciv"] {
                try FileManager.default.moveItem(
                    atPath: "\(phantom)/\(name)", toPath: folder.appendingPathComponent(name).path)
            }
            let commands = try readmeCommands()
            #expect(
                commands.map { $0[0] } == [
                    "ingest", "link-icd", "train", "train", "evaluate", "embed", "export",
                ])
            for var command in commands {
                // The default number of epochs is the paper's.
                if command[0] == "train" { command += ["--epochs", "1"] }
                try expectDone(Built.run(command, in: folder))
            }
            for result in ["dataset/echoprep.sqlite", "runs/pretrain/metrics.jsonl", "runs/icd/report.html"] {
                #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent(result).path))
            }
            try expectDone(Built.run(["verify", "dataset"], in: folder))
            let database = try DatabaseQueue(
                path: folder.appendingPathComponent("dataset/echoprep.sqlite").path)
            let queries = try text("README.md").split(separator: "\n").filter { $0.hasPrefix("SELECT ") }
            #expect(!queries.isEmpty)
            for query in queries {
                let rows = try database.read { try Row.fetchAll($0, sql: String(query)) }
                #expect(!rows.isEmpty, "\(query)")
            }
        }
    }

    @Test func `every make target that README names is there, and every page it links to`() throws {
        let readme = try text("README.md")
        let makefile = try text("Makefile")
        for match in readme.matches(of: /make ([a-z]+)/) where match.1 != "itself" {
            #expect(makefile.contains("\n\(match.1):"), "make \(match.1)")
        }
        for match in readme.matches(of: /\]\(([^)]+)\)/) where !match.1.hasPrefix("https://") {
            let parts = match.1.split(separator: "#", omittingEmptySubsequences: false)
            let path = Built.repository.appendingPathComponent(String(parts[0])).path
            #expect(FileManager.default.fileExists(atPath: path), "\(match.1)")
            // A heading's mark is its words in small letters, joined by hyphens.
            if parts.count == 2 {
                let headings = try text(String(parts[0])).split(separator: "\n").filter { $0.hasPrefix("#") }
                let marks = headings.map { heading in
                    heading.drop { $0 == "#" || $0 == " " }.lowercased().filter { !",.`".contains($0) }
                        .replacing(" ", with: "-")
                }
                #expect(marks.contains(String(parts[1])), "\(match.1)")
            }
        }
    }

    @Test func `every file that contributing.md names is there, and every page it links to`() throws {
        let page = try text("docs/contributing.md")
        let named = page.matches(of: /`([A-Za-z0-9\/+]+\.(swift|sql))`/).map { String($0.1) }
        #expect(named.count > 20)
        for file in named where !file.contains("NAME") && file.contains("/") {
            let places = ["", "Sources/", "Tests/"].map {
                Built.repository.appendingPathComponent($0 + file).path
            }
            #expect(places.contains { FileManager.default.fileExists(atPath: $0) }, "\(file)")
        }
        for match in page.matches(of: /\]\(([^)#]+)(#[^)]*)?\)/) {
            let path = Built.repository.appendingPathComponent("docs/\(match.1)").path
            #expect(FileManager.default.fileExists(atPath: path), "\(match.1)")
        }
    }

    /// The arguments of each line that begins with `echoprep` in README's shell blocks.
    private func readmeCommands() throws -> [[String]] {
        try text("README.md").split(separator: "\n").filter { $0.hasPrefix("echoprep ") }
            .map { $0.split(separator: " ").dropFirst().map(String.init) }
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: Built.repository.appendingPathComponent(name), encoding: .utf8)
    }

    private func expectDone(_ outcome: Outcome) throws {
        try #require(outcome.status == 0, "\(outcome.errors)")
    }
}
