import Foundation
import GRDB
import Testing
import TestSupport

/// Which program it was: the version out of one place, and the commit.
@Suite struct VersionTests {
    private func text(_ name: String) throws -> String {
        try String(contentsOf: Built.repository.appendingPathComponent(name), encoding: .utf8)
    }

    private func version() throws -> String {
        let outcome = try Built.run("--version")
        #expect(outcome.status == 0)
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func `the version names the commit where it is built from a clone`() throws {
        let version = try version()
        let source = try text("Sources/EchoCore/Version.swift")
        let number = try #require(source.firstMatch(of: /programVersion = "([0-9.]+)"/)).1
        #expect(version.hasPrefix(number))
        let isClone = FileManager.default.fileExists(
            atPath: Built.repository.appendingPathComponent(".git").path)
        let named = try /[0-9.]+\+[0-9a-f]{7}(\.modified)?/.wholeMatch(in: version) != nil
        #expect(named == isClone, "\(version)")
    }

    @Test func `a run in the database is of that version`() throws {
        try withTemporaryFolder { folder in
            let (phantom, dataset) = (folder.path + "/phantom", folder.path + "/dataset")
            #expect(try Built.run("phantom", phantom, "--studies", "1", "--frames", "4").status == 0)
            #expect(try Built.run("ingest", phantom + "/mimic-iv-echo", "--dataset", dataset).status == 0)
            let database = try DatabaseQueue(path: dataset + "/echoprep.sqlite")
            let found = try database.read { try String.fetchAll($0, sql: "SELECT program_version FROM run") }
            #expect(try found == [version()])
        }
    }

    @Test func `the citation and the list of changes are of that version`() throws {
        let source = try text("Sources/EchoCore/Version.swift")
        let number = try #require(source.firstMatch(of: /programVersion = "([0-9.]+)"/)).1
        #expect(try text("CITATION.cff").contains("\nversion: \(number)\n"))
        #expect(try text("CHANGELOG.md").contains("\n## \(number)"))
    }

    @Test func `Swift packages have exact versions, which the list of licences names`() throws {
        let manifest = try text("Package.swift"), licences = try text("THIRD-PARTY.md")
        let lines = manifest.split(separator: "\n").filter { $0.contains(".package(url:") }
        #expect(lines.count == 7)
        for line in lines {
            let version = try #require(line.firstMatch(of: /exact: "([0-9.]+)"/), "\(line)").1
            #expect(licences.contains("| \(version) |"), "\(version)")
        }
    }

    @Test(arguments: [("bash", "complete"), ("zsh", "#compdef echoprep"), ("fish", "complete -c")])
    func `a shell completes commands and options`(shell: String, word: String) throws {
        let outcome = try Built.run("completions", shell)
        #expect(outcome.status == 0 && outcome.output.contains(word))
        for name in ["link-icd", "croissant", "dataset"] {
            #expect(outcome.output.contains(name), "\(name)")
        }
        #expect(try Built.run("completions", "tcsh").status == 64)
    }
}
