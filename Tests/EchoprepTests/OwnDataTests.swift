import Foundation
import Testing
import TestSupport

/// The page on own clips and labels, its commands run as they stand there.
@Suite struct OwnDataTests {
    @Test func `every command of the page does what it says`() throws {
        try withTemporaryFolder { folder in
            let phantom = folder.appendingPathComponent("phantom")
            let made = try Built.run(
                "phantom", phantom.path, "--studies", "12", "--frames", "10", "--size", "177x254", "--seed",
                "10",
                "--no-extras")
            try #require(made.status == 0, "\(made.errors)")
            // Folders of clips, of which nothing says that they were MIMIC's.
            let files = FileManager.default, source = phantom.appendingPathComponent("mimic-iv-echo/files")
            let studies = (files.subpaths(atPath: source.path) ?? []).filter {
                $0.split(separator: "/").count == 3
            }.sorted()
            #expect(studies.count == 12)
            try files.createDirectory(
                at: folder.appendingPathComponent("clips"), withIntermediateDirectories: true)
            var labels = "study_key,subject_id,split,dilated,effusion\n"
            for (n, study) in studies.enumerated() {
                try files.moveItem(
                    at: source.appendingPathComponent(study),
                    to: folder.appendingPathComponent("clips/case-\(n)"))
                labels +=
                    "case-\(n),\(n),\(["train", "val", "test"][n / 4]),\(n % 2),\(n % 4 == 1 ? "" : "\(n / 2 % 2)")\n"
            }
            try Data(labels.utf8).write(to: folder.appendingPathComponent("labels.csv"))
            let page = Built.repository.appendingPathComponent("docs/own-data.md")
            let commands = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
                .filter { $0.hasPrefix("echoprep ") }.map {
                    $0.split(separator: " ").dropFirst().map(String.init)
                }
            #expect(commands.map { $0[0] } == ["ingest", "label", "train", "evaluate"])
            for var command in commands {
                // The default number of epochs is the paper's.
                if command[0] == "train" { command += ["--epochs", "1"] }
                let outcome = try Built.run(command, in: folder)
                try #require(outcome.status == 0, "\(outcome.errors)")
                if command[0] == "label" {
                    #expect(outcome.output.contains("splits: 4 train, 4 val, 4 test"))
                }
            }
            #expect(files.fileExists(atPath: folder.appendingPathComponent("runs/mine/report.html").path))
        }
    }
}
