import Catalog
import EchoCore
import Foundation
import GRDB
import Runs
import StudyData
import Tasks
import Testing
import TestSupport
import Training

@Suite struct OwnLabelsTests {
    /// Global strains of studies 1 … 14, of every fifth of which none is known, and of a study that nobody has.
    private func csv(at file: URL) throws {
        let rows = (1...14).map { "\($0),\($0 % 5 == 0 ? "" : "\(-10 - 0.5 * Double($0))")" }
        try (["study_id,gls"] + rows + ["99,-20"]).joined(separator: "\n")
            .write(to: file, atomically: true, encoding: .utf8)
    }

    @Test func `a csv of own labels becomes a task that is learned and judged, the unknown left out`() throws
    {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let (file, run) = (folder.appendingPathComponent("gls.csv"), folder.appendingPathComponent("run"))
            try csv(at: file)
            let imported = try Built.run(
                "label", "import", file.path, "--dataset", dataset.path, "--name", "gls")
            #expect(imported.status == 0, "\(imported.errors)")
            #expect(
                imported.output == """
                    gls: 14 studies of the dataset, and 1 that the dataset does not have
                      gls: 13 known, 2 unknown

                    """)
            let task = try #require(TrainTask.named("label:gls"))
            let set = try StudySet(dataset: dataset.path, task: task)
            #expect(set.train.map(\.stored.key) == ["1", "2", "3", "4", "6", "7", "8", "9"])
            #expect(set.validation.map(\.stored.key) == ["11", "12"])

            let summary = try train(tinyOptions(dataset, run, task: task)) { _ in }
            #expect(summary.text.contains("mean absolute error") && summary.text.contains(" %"))
            let answers = try TrainedModel(run: run.path, place: here).predict(.test)
            #expect(answers.map(\.study) == ["13", "14"] && answers.map(\.labels) == [[-16.5], [-17]])
            let judged = try Built.run("evaluate", run.path, "--bootstrap", "0", "--threads", "2")
            #expect(judged.status == 0 && judged.output.contains("gls"), "\(judged.errors)")
        }
    }

    /// A folder of clips without MIMIC's tables, and a csv: splits are drawn, or out of the file.
    @Test(arguments: [true, false]) func `own clips and own classes become a model that is judged`(
        hasSplits: Bool
    ) throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"), labelled: false)
            let (file, run) = (folder.appendingPathComponent("own.csv"), folder.appendingPathComponent("run"))
            let rows = (1...14).map { study in
                let split = ["train", "tuning", "held_out"][study <= 9 ? 0 : study <= 12 ? 1 : 2]
                return "\(study),\(study % 2),\(study % 4 < 2 ? 1 : 0)" + (hasSplits ? ",\(split)" : "")
            }
            let header = "study_key,odd,large" + (hasSplits ? ",split" : "")
            try ([header] + rows).joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
            let imported = try Built.run(
                "label", "import", file.path, "--dataset", dataset.path, "--name", "own", "--split",
                "50/25/25", "--seed", "3")
            #expect(imported.status == 0, "\(imported.errors)")
            #expect(
                imported.output.contains(hasSplits ? "splits: 9 train, 3 val, 2 test\n" : "drawn by subject"))
            let task = try #require(TrainTask.named("label:own"))
            let set = try StudySet(dataset: dataset.path, task: task)
            #expect(set.heads.map(\.targets) == [["large", "odd"]] && !set.validation.isEmpty)
            if hasSplits {
                let targets: [[Float]] = (1...9).map { study in
                    [study % 4 < 2 ? 1 : 0, study % 2 == 1 ? 1 : 0]
                }
                #expect(set.train.map(\.target) == targets)
            }
            _ = try train(tinyOptions(dataset, run, task: task)) { _ in }
            let judged = try Built.run("evaluate", run.path, "--bootstrap", "0", "--threads", "2")
            #expect(judged.status == 0 && judged.output.contains("AUROC"), "\(judged.errors)")
        }
    }

    @Test func `a class is 0 or 1, and quantities are tasks of their own`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let file = folder.appendingPathComponent("own.csv")
            try "study_id,grade\n1,2\n2,0\n".write(to: file, atomically: true, encoding: .utf8)
            #expect(
                try Built.run("label", "import", file.path, "--dataset", dataset.path, "--name", "own").status
                    == 0)
            let task = try #require(TrainTask.named("label:own"))
            let error = #expect(throws: EchoError.self) { try StudySet(dataset: dataset.path, task: task) }
            #expect(error?.problem == "its target grade has values that are neither 0 nor 1")
            #expect(
                TrainTask.named("label:") == nil
                    && TrainTask.named("label:gls")?.heads.first?.answers != .classes)
        }
    }

    @Test func `a second import replaces the first and nobody else's labels`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let file = folder.appendingPathComponent("gls.csv")
            try csv(at: file)
            func take(_ text: String? = nil, name: String = "gls") throws -> TestSupport.Outcome {
                try text?.write(to: file, atomically: true, encoding: .utf8)
                return try Built.run(
                    "label", "import", file.path, "--dataset", dataset.path, "--name", name)
            }
            func labels(_ source: String) throws -> Int {
                try Catalog(datasetFolder: dataset.path, readOnly: true).read { db in
                    try Int.fetchOne(
                        db, sql: "SELECT count(*) FROM label WHERE source = ?", arguments: [source]) ?? 0
                }
            }
            let before = try labels("link-icd")
            #expect(try take().status == 0 && labels("gls") == 15)
            #expect(try take("study_key,gls,e_prime\n3,-12,\n4,-13,0.1\n").status == 0)
            #expect(try labels("gls") == 4 && labels("link-icd") == before)

            // What cannot be used changes nothing, and shows no value of the file.
            for (text, name, fault) in [
                ("study_id,gls\n3,-12\n3,-13\n", "gls", "line 3: names a study a second time"),
                ("study_id,gls\n3,fine\n", "gls", "line 2: a label of gls that is no number"),
                ("study_id,gls\n3,nan\n", "gls", "line 2: a label of gls that is no number"),
                ("study_id,gls\n3\n", "gls", "line 2: not as many fields"),
                ("subject_id,gls\n3,-12\n", "gls", "neither or both of the columns"),
                ("study_id\n3\n", "gls", "has no column with labels"),
                ("study_id,gls\n777,-12\n", "gls", "names no study that the dataset has clips of"),
                ("study_id,gls\n3,-12\n", "link-icd", "is a source of echoprep's own"),
                ("study_id,gls\n3,-12\n", "a b", "is not made of letters"),
            ] {
                let outcome = try take(text, name: name)
                // What is typed wrongly is wrong usage, what a file says is not.
                #expect(
                    outcome.status == (name == "gls" ? 1 : 64) && outcome.errors.contains(fault),
                    "\(outcome.errors)")
                #expect(!outcome.errors.contains("fine") && !outcome.errors.contains("777"))
            }
            #expect(try labels("gls") == 4)
        }
    }
}
