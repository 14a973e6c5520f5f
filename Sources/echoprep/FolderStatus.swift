// What a folder of ours is, read from what lies in it.

import Catalog
import EchoCore
import Files
import Foundation
import Ingest
import Models
import Runs
import Tasks

/// What a folder is, how far it is, and what comes next.
struct FolderStatus: Encodable {
    /// One run.
    struct Run: Encodable {
        let folder: String, task: String, model: String
        let epochs: Int, ofEpochs: Int
        let isDone: Bool, isEvaluated: Bool

        /// - Throws: `EchoError` where its `config.json` is not one
        init?(_ folder: String) throws(EchoError) {
            guard let found = try RunFolder(folder).configuration() else { return nil }
            self.folder = folder
            (task, model) = (found.recipe.task.name, found.recipe.model.rawValue)
            switch RunProgress(run: folder) {
            case .missing: (epochs, ofEpochs, isDone) = (0, found.recipe.epochCount, false)
            case .begun(let done, let all): (epochs, ofEpochs, isDone) = (done, all, false)
            case .done(let all): (epochs, ofEpochs, isDone) = (all, all, true)
            }
            isEvaluated = FileManager.default.fileExists(atPath: folder + "/report.html")
        }

        var state: String {
            isDone ? isEvaluated ? "done, evaluated" : "done" : "epoch \(epochs) of \(ofEpochs)"
        }

        var next: String {
            let folder = shellWord(folder)
            if !isDone { return "echoprep train --run \(folder) --resume" }
            if task == "pretrain" {
                return "echoprep train --dataset DATASET --run RUN --task icd --init \(folder)"
            }
            return isEvaluated
                ? "echoprep export model \(folder) OUT" : "echoprep evaluate \(folder)"
        }
    }

    /// "dataset", "run" or "runs".
    let what: String
    private(set) var facts: [Inspection.Fact] = []
    private(set) var runs: [Run] = []
    let next: String?

    /// - Throws: `EchoError` where there is no folder, or nothing of ours in it
    init(_ folder: String) throws {
        guard try folderIdentity(folder) != nil else {
            throw EchoError(
                folder, "is no folder",
                try: "a dataset, a run, or a folder of runs; echoprep inspect says what a file is")
        }
        if FileManager.default.fileExists(atPath: "\(folder)/\(Catalog.fileName)") {
            what = "dataset"
            facts = try inspect(folder).facts
            next = FolderStatus.next(afterDataset: folder, facts)
        } else if let run = try Run(folder) {
            (what, runs, next) = ("run", [run], run.next)
        } else {
            let found = try FolderStatus.runs(below: folder)
            guard !found.isEmpty else {
                throw EchoError(
                    folder, "holds no dataset and no run",
                    try: "where it holds clips: echoprep ingest \(folder) --dataset DATASET --dry-run")
            }
            (what, runs) = ("runs", found)
            next =
                (found.first { !$0.isDone } ?? found.first { !$0.isEvaluated && $0.task != "pretrain" })?.next
        }
    }

    /// The runs in a folder and in the folders of that, as of seeds and experiments, by name.
    private static func runs(below folder: String) throws -> [Run] {
        func children(_ folder: String) -> [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.filter { !$0.hasPrefix(".") }.sorted().map { "\(folder)/\($0)" }
        }
        return try children(folder).flatMap { child throws -> [Run] in
            if let run = try Run(child) { return [run] }
            return try children(child).flatMap { grandchild throws -> [Run] in
                if let run = try Run(grandchild) { return [run] }
                return try children(grandchild).compactMap(Run.init)
            }
        }
    }

    private static func next(afterDataset folder: String, _ facts: [Inspection.Fact]) -> String {
        let folder = shellWord(folder)
        func value(_ name: String) -> String? { facts.first { $0.name == name }?.value }
        if value("ingest") != "done" { return "the command that ingested it, which goes on" }
        if value("targets") == nil, value("rules")?.contains("layout mimic-iv-echo") ?? true {
            return "echoprep link-icd --dataset \(folder) --mimic-iv MIMIC-IV/hosp"
        }
        return "echoprep train --dataset \(folder) --run RUN"
    }

    var text: String {
        var lines = [what == "runs" ? "\(grouped(runs.count)) runs" : what]
        let pairs =
            facts.map { ($0.name, $0.value) }
            + runs.map { ($0.folder, "\($0.task) \($0.model): \($0.state)") }
        let width = pairs.map(\.0.count).max() ?? 0
        lines += pairs.map { "  " + $0 + String(repeating: " ", count: width + 2 - $0.count) + $1 }
        if let next { lines.append("next: \(next)") }
        return lines.joined(separator: "\n")
    }
}
