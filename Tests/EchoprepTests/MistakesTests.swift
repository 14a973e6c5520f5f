// Mistakes that people make, and what the program answers: exit status and text of each, in fixtures/mistakes.txt.

import Foundation
import Testing
import TestSupport

@Suite struct MistakesTests {
    /// The arguments of each, in a folder that holds a source (ph), a dataset (ds), a pre-training (runs/pre), a fine-tuned
    /// run (runs/icd), and a csv file (labels.csv).
    private static let mistakes: [[String]] = [
        // Words that are not there.
        ["trian"], ["train", "--epoch", "3"], ["help", "trian"], ["label", "imprt"], ["export", "modl"],
        ["evaluate", "runs/icd", "--confidnce=3"], ["train", "--quux"], ["engines", "--device", "cuda"],
        ["completions", "tcsh"], ["-x"], ["train", "-x"],
        // Words that are missing.
        ["train"], ["train", "--run"], ["train", "--dataset", "ds"], ["ingest"],
        ["ingest", "ph/mimic-iv-echo"],
        ["evaluate"], ["embed"], ["merge"], ["verify"], ["inspect"], ["status"],
        ["link-icd", "--dataset", "ds"],
        ["experiment"], ["experiment", "table1"], ["export", "model", "runs/icd"], ["phantom"], ["review"],
        ["label", "import", "labels.csv", "--dataset", "ds"],
        // Folders that are something else, or nothing.
        ["evaluate", "nope"], ["evaluate", "ds"], ["evaluate", "runs"], ["evaluate", "runs/pre"],
        ["evaluate", ""], ["embed", "ds"], ["embed", "nope"],
        ["export", "model", "ds", "out"], ["export", "model", "nope", "out"],
        ["export", "model", "runs/icd", "runs/icd"], ["export", "labels", "out.csv", "--dataset", "runs"],
        ["export", "clips", "nope", "out", "--format", "npy"], ["status", "nope"], ["status", "ph"],
        ["status", "labels.csv"], ["verify", "nope"], ["verify", "ph/mimic-iv-echo"], ["inspect", "nope"],
        ["inspect", "runs"], ["merge", "ds"], ["merge", "nope"], ["review", "nope"],
        ["ingest", "nope", "--dataset", "new"], ["ingest", "ph/mimiciv", "--dataset", "new"],
        ["ingest", "ph/mimic-iv-echo", "--dataset", "runs/icd"], ["ingest", "ds", "--dataset", "ds"],
        ["link-icd", "--dataset", "ds", "--mimic-iv", "nope"],
        ["link-icd", "--dataset", "ds", "--mimic-iv", "ph"],
        ["link-icd", "--dataset", "nope", "--mimic-iv", "ph/mimiciv/hosp"],
        ["train", "--dataset", "nope", "--run", "new"], ["train", "--dataset", "runs/icd", "--run", "new"],
        ["train", "--dataset", "ds", "--run", ""], ["train", "--run", "new", "--resume"],
        ["train", "--run", "new", "--extend", "9"], ["train", "--dataset", "ds", "--run", "labels.csv"],
        ["train", "--dataset", "ds", "--run", "new", "--init", "nope"],
        ["train", "--dataset", "ds", "--run", "new", "--init", "ds"],
        ["train", "--dataset", "ds", "--run", "new", "--init", "labels.csv"],
        ["train", "--dataset", "ds", "--run", "runs/icd", "--task", "icd", "--epochs", "3"],
        ["label", "import", "nope.csv", "--dataset", "ds", "--name", "x"],
        ["label", "drop", "--dataset", "ds", "--name", "nope"],
        ["label", "compare", "link-icd", "nope", "--dataset", "ds"],
        // Values that cannot be meant.
        ["train", "--dataset", "ds", "--run", "new", "--task", "icdd"],
        ["train", "--dataset", "ds", "--run", "new", "--task", "label:nope"],
        ["train", "--dataset", "ds", "--run", "new", "--task", "measure:nope"],
        ["train", "--dataset", "ds", "--run", "new", "--model", "lame"],
        ["train", "--dataset", "ds", "--run", "new", "--preset", "huge"],
        ["train", "--dataset", "ds", "--run", "new", "--epochs", "many"],
        ["train", "--dataset", "ds", "--run", "new", "--epochs", "0"],
        ["train", "--dataset", "ds", "--run", "new", "--lr", "-1"],
        ["train", "--dataset", "ds", "--run", "new", "--mask-ratio", "1.5"],
        ["train", "--dataset", "ds", "--run", "new", "--accumulate", "17"],
        ["train", "--dataset", "ds", "--run", "new", "--memory", "12GB"],
        ["train", "--dataset", "ds", "--run", "new", "--seeds", "1,a"],
        ["train", "--dataset", "ds", "--run", "new", "--frozen"],
        ["train", "--dataset", "ds", "--run", "new", "--engine", "gpu"],
        ["train", "--dataset", "ds", "--run", "new", "--device", "cuda"],
        ["train", "--dataset", "ds", "--run", "new", "--where", "agee > 3"],
        ["train", "--dataset", "ds", "--run", "new", "--where", "age > 300"],
        ["train", "--dataset", "ds", "--run", "new", "--config", "nope.yaml"],
        ["link-icd", "--dataset", "ds", "--mimic-iv", "ph/mimiciv/hosp", "--split", "80/10/5"],
        ["link-icd", "--dataset", "ds", "--mimic-iv", "ph/mimiciv/hosp", "--margin-before", "-2"],
        ["link-icd", "--dataset", "ds", "--mimic-iv", "ph/mimiciv/hosp", "--exclude", "30"],
        ["ingest", "ph/mimic-iv-echo", "--dataset", "new", "--keep", "dopler"],
        ["ingest", "ph/mimic-iv-echo", "--dataset", "new", "--part", "4/3"],
        ["ingest", "ph/mimic-iv-echo", "--dataset", "new", "--layout", "echonet"],
        ["evaluate", "runs/icd", "--threshold", "2"],
        ["evaluate", "runs/icd", "--threshold", "fit", "--split", "val"],
        ["evaluate", "runs/icd", "--group", "shown"], ["evaluate", "runs/icd", "--split", "tset"],
        ["export", "clips", "ds", "out", "--format", "zip"], ["phantom", "new", "--size", "big"],
        ["experiment", "tabel1", "--dataset", "ds", "--out", "new"],
        ["experiment", "table1", "--dataset", "ds", "--out", "new", "--models", "lame"],
        ["experiment", "table1", "--dataset", "ds", "--out", "new", "--seeds", "a"],
        ["review", "ds", "--port", "99999"], ["review", "ds", "--host", "0.0.0.0"],
    ]

    @Test func `each of a hundred mistakes is answered as it was`() throws {
        #expect(MistakesTests.mistakes.count >= 100)
        try withTemporaryFolder { folder in
            for command in [
                "phantom ph --studies 12 --frames 4 --size 96x128 --no-extras",
                "ingest ph/mimic-iv-echo --dataset ds",
                "link-icd --dataset ds --mimic-iv ph/mimiciv/hosp --split 60/20/20",
                "train --dataset ds --run runs/pre --epochs 1 --views 2 --frames 2",
                "train --dataset ds --run runs/icd --epochs 1 --views 2 --frames 2 --task icd",
            ] {
                let outcome = try Built.run(command.split(separator: " ").map(String.init), in: folder)
                try #require(outcome.status == 0, "\(outcome.errors)")
            }
            try Data("a,b\n1,2\n".utf8).write(to: folder.appendingPathComponent("labels.csv"))
            let answers = try MistakesTests.mistakes.map { arguments in
                let outcome = try Built.run(arguments, in: folder)
                #expect(outcome.status != 0 && outcome.output.isEmpty, "\(arguments)")
                let words = arguments.map { $0.isEmpty || $0.contains(" ") ? "'\($0)'" : $0 }
                return "$ echoprep \(words.joined(separator: " "))\n[\(outcome.status)]\n\(outcome.errors)"
            }
            let text = answers.joined(separator: "\n")
            let golden = Built.repository.appendingPathComponent("fixtures/mistakes.txt")
            if ProcessInfo.processInfo.environment["RECORD"] != nil {
                try Data(text.utf8).write(to: golden)
            }
            let known = try String(contentsOf: golden, encoding: .utf8)
            for (now, then) in zip(answers, known.components(separatedBy: "\n\n$ ")) {
                // The mark was taken for the end of the one before.
                let then = then.hasPrefix("$ ") ? then : "$ " + then
                #expect(now.trimmingCharacters(in: .newlines) == then.trimmingCharacters(in: .newlines))
            }
            #expect(text == known)
            #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("new").path))
        }
    }
}
