import Foundation
import Testing
import TestSupport

/// `--config` and `--print-config` as a user meets them.
@Suite struct ConfigTests {
    /// Each command with as few options as it needs, and with all of them away from their defaults.
    static let commands: [(name: String, needed: [String], all: [String])] = [
        (
            "train", ["--dataset", "data", "--run", "runs/a"],
            [
                "--dataset", "a folder: with, marks", "--run", "null", "--task", "icd", "--model", "mae",
                "--preset",
                "small", "--views", "3", "--frames", "5", "--stride", "2", "--no-augment", "--batch", "8",
                "--accumulate", "2", "--precision", "bf16", "--threads", "7", "--epochs", "11", "--lr",
                "3e-4",
                "--warmup-epochs", "1", "--weight-decay", "1e-20", "--clip", "2.5", "--mask-ratio", "0.5",
                "--latent-mask-ratio", "0.1", "--latent-masking", "token", "--mask-views", "1",
                "--latent-queries", "64", "--norm-pix", "--pad-views", "--rotation=-5.5e-3", "--init", "~",
                "--init-strict", "--frozen", "--linear-head", "--pos-weight", "2.25", "--layer-decay", "0.75",
                "--ema", "0.999", "--engine", "reference", "--checkpoint-activations", "--memory", "12GiB",
                "--seed", "18446744073709551615", "--seeds", "1,2,3", "--resume", "--guard-steps", "0",
                "--guard-loss", "8", "--guard-norm", "inf", "--checkpoint-every", "10", "--keep-last", "2",
                "--pictures-every", "0", "--trace-step", "4", "--trace-steps", "2", "--trace",
                "trace 'one' \"two\" # \n\t.safetensors", "--json",
            ]
        ),
        (
            "experiment", ["table1", "--dataset", "data", "--out", "paper"],
            [
                "table2", "--dataset", "dynamic", "--dataset", "pediatric, too", "--out", "transfer",
                "--pretrain-on", "data", "--seeds", "4", "--models", "lamae,mae", "--regimes", "full,linear",
                "--preset", "tiny", "--views", "3", "--no-augment", "--pretrain-epochs", "2", "--pretrain-lr",
                "1e-3", "--epochs", "3", "--lr", "5e-4", "--frozen-epochs", "4", "--frozen-lr", "0.01",
                "--fit-threshold", "--group", "shown=I50,I11", "--group", "hidden=D64",
                "--bootstrap", "10", "--confidence", "90.5", "--published", "figures.csv", "--dry-run",
            ]
        ),
        (
            "ingest", ["source", "--dataset", "data"],
            [
                "--dataset", "data", "--layout", "folder", "--pixels", "rgb", "--crop", "none", "--size",
                "112", "--keep", "doppler,still", "--keep-uncertain", "--no-salvage", "--max-frames", "30",
                "--shard-size", "64MiB", "--compress", "png", "--jobs", "1", "--test-fold", "3", "--part",
                "3/16", "--strict", "--dry-run", "--", "-source",
            ]
        ),
        (
            "link-icd", ["--dataset", "data", "--mimic-iv", "hosp"],
            [
                "--dataset", "data", "--mimic-iv", "hosp", "--echo", "echo", "--window", "half-open",
                "--margin-before=-1.5", "--margin-after", "24", "--tie-break", "longest", "--level",
                "chapter", "--strict-codes", "--as-of", "study", "--icd9", "gem", "--gem", "gem.txt", "--top",
                "10", "--min-prevalence", "0.01", "--fit-on", "train", "--exclude", "5,20", "--codes",
                "codes.csv", "--split", "8/1/1", "--seed", "9", "--stratify", "--split-file", "split.csv",
                "--explain", "12", "--strict",
            ]
        ),
    ]

    @Test(arguments: commands)
    func `what --print-config shows is read back to the same`(
        _ name: String, _ needed: [String], _ all: [String]
    ) throws {
        for arguments in [needed, all, ["--json"] + needed, ["--json"] + all] {
            let first = try shown([name, "--print-config"] + arguments)
            try withFile(first) { file in
                let again = try shown([name, "--config", file, "--print-config"])
                #expect(again == first)
            }
        }
    }

    @Test(arguments: commands)
    func `every option that --help lists is shown, and none that is not one`(
        _ name: String, _ needed: [String], _: [String]
    ) throws {
        let help = try shown([name, "--help"])
        var names = Set(help.matches(of: /\n  (?:-h, )?--([a-z0-9-]+)/).map { String($0.1) })
        names.formUnion(help.matches(of: /\n  <([a-z-]+)>/).map { String($0.1) })
        names.subtract(["config", "print-config", "quiet", "log-file", "help", "version"])
        let lines = try shown([name, "--print-config"] + needed).split(separator: "\n")
        #expect(Set(lines.map { String($0.prefix { $0 != ":" }) }) == names && lines.count == names.count)
    }

    @Test func `the paper's numbers are in effect, in the order in which options are declared`() throws {
        let lines = try shown(["train", "--dataset", "data", "--run", "runs/a", "--print-config"])
            .split(separator: "\n")
        #expect(
            lines.prefix(8) == [
                "dataset: data", "run: runs/a", "task: pretrain", "where: null", "decisions: null",
                "model: lamae", "preset: tiny", "epochs: null",
            ])
        for line in ["augment: true", "lr: 0.0001", "weight-decay: 0.05", "init: null", "frozen: false"] {
            #expect(lines.contains(line[...]))
        }
    }

    @Test func `the command line comes before a file, and a later file before an earlier one`() throws {
        try withFile("dataset: data\nrun: runs/a\nlr: 1e-3\nviews: 2\nno-augment: true\nfrozen: true") {
            first in
            try withFile("lr: 2e-3\nbatch: 4\nviews: null\n") { second in
                let text = try shown([
                    "train", "--config", first, "--config=\(second)", "--batch", "8", "--augment",
                    "--print-config",
                ])
                let lines = text.split(separator: "\n")
                for line in ["lr: 0.002", "batch: 8", "views: null", "augment: true", "frozen: true"] {
                    #expect(lines.contains(line[...]), "\(line)")
                }
            }
        }
    }

    @Test func `a list on the command line takes the place of the file's`() throws {
        try withFile("name: table1\nout: o\ndataset: [a, b]\ngroup: [shown=I50]") { file in
            let text = try shown(["experiment", "--config", file, "--dataset", "c", "--print-config"])
            #expect(text.contains("dataset: [c]\n") && text.contains("group: [shown=I50]\n"))
            #expect(
                try shown(["experiment", "heads", "--config", file, "--print-config"]).hasPrefix(
                    "name: heads\n"))
        }
    }

    @Test func `JSON is read as YAML is, and written as JSON`() throws {
        try withFile(#"{"dataset": "a\u00e9/\"b\"", "run": "r", "seeds": "1,2", "lr": 1E-3, "frozen": true}"#)
        { file in
            let text = try shown(["train", "--config", file, "--json", "--print-config"])
            let json = try #require(
                try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            #expect(json["dataset"] as? String == "aé/\"b\"" && json["seeds"] as? String == "1,2")
            #expect(json["lr"] as? Double == 1e-3 && json["frozen"] as? Bool == true)
            #expect(json["epochs"] is NSNull)
        }
    }

    @Test(arguments: [
        ("rotation: -5", "rotation: -5.0"), ("rotation: -.5", "rotation: -0.5"), ("margin: 1", nil),
        ("views: 1_000", nil),
        ("views: 0x10", nil), ("lr: 1e-3", "lr: 0.001"), ("lr: '1e-3'", "lr: 0.001"),
        ("init: --resume", "init: --resume"),
        ("init: a=b", "init: a=b"), ("init: ''", "init: ''"), ("init:", "init: null"),
        ("init: 'null'", "init: 'null'"),
        ("init: no", "init: 'no'"), ("init: 007", "init: '007'"), ("frozen: false", "frozen: false"),
        ("frozen: True", "frozen: true"), ("augment: false", "augment: false"),
        ("no-augment: true", "augment: false"),
        ("no-augment: false", "augment: true"), ("frozen: 1", nil), ("frozen: [true]", nil),
    ])
    func `a value arrives as it stands in the file`(_ line: String, _ effect: String?) throws {
        try withFile(line) { file in
            let outcome = try Built.run(
                "train", "--dataset", "d", "--run", "r", "--print-config", "--config", file)
            if let effect {
                #expect(
                    outcome.status == 0 && "\n\(outcome.output)".contains("\n\(effect)\n"),
                    "\(outcome.output)")
            } else {
                #expect(outcome.status != 0 && outcome.output.isEmpty)
            }
        }
    }

    @Test func `what a command needs may stand in the file, and the command runs with it`() throws {
        try withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("-source")
            try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
            try Data("source: -source\ndataset: made\n".utf8).write(
                to: folder.appendingPathComponent("run.yaml"))
            let missing = try Built.run(["ingest"], in: folder)
            #expect(missing.status == 64)
            let done = try Built.run(["ingest", "--dry-run", "--config", "run.yaml"], in: folder)
            #expect(done.status == 0 && !done.output.isEmpty, "\(done.errors)")
        }
    }

    @Test(arguments: [
        ("train", "lr: 1\nlrr: 1", "line 2: lrr is no option of train\n  try: lr\n"),
        ("train", "weight_decay: 1", "line 1: weight_decay is no option of train\n  try: weight-decay\n"),
        ("ingest", "crops: none", "line 1: crops is no option of ingest\n  try: crop\n"),
        ("link-icd", "lr: 1", "line 1: lr is no option of link-icd\n"),
        ("train", "help: true", "line 1: help is no option of train\n  try: echoprep train --help\n"),
        ("train", "config: more.yaml", "line 1: config is for the command line only"),
        ("train", "print-config: true", "line 1: print-config is for the command line only"),
        ("train", "lr: 1\nviews: 2\nlr: 2", "line 1: lr is given twice"),
        ("train", "augment: true\nno-augment: true", "line 2: augment is given twice"),
        ("train", "\nviews: [4]", "line 2: views takes one value"),
        ("train", "model:\n  lr: 1", "line 1: an option takes a value or a list"),
        ("experiment", "dataset:\n- a\n- [b]", "line 3: a list holds plain values only"),
        ("experiment", "dataset: [a, null]", "line 1: a list holds plain values only"),
        ("train", "frozen: perhaps", "line 1: frozen takes true or false"),
        ("train", "[a]: b", "line 1: has something else than the name of an option"),
        ("train", "- lr", "is no list of options"),
        ("train", "lr: 1\nviews: [1, 2\nrun: x", "line 3: did not find expected"),
        ("train", "lr: 1\n\tviews: 2", "line 2: found a tab character"),
        ("train", "{\"lr\": 1,\n\"views\" 2}", "line 2: "),
        ("train", "lr: 1\n---\nlr: 2", "line 2: begins a second document"),
        ("train", "run: !!binary aGFsbG8=", "line 1: has a value of an unknown type"),
    ])
    func `a file's fault is named by its line, with what to try`(
        _ command: String, _ text: String, _ message: String
    ) throws {
        try withFile(text) { file in
            let outcome = try Built.run(command, "--config", file, "--print-config")
            #expect(outcome.status == 1 && outcome.output.isEmpty)
            #expect(outcome.errors.hasPrefix("echoprep: \(file): \(message)"), "\(outcome.errors)")
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: HostileFile.allCases)
    func `a hostile file ends in an error and does no harm`(_ kind: HostileFile) throws {
        try withFile(kind.bytes) { file in
            let outcome = try Built.run("train", "--config", file, "--print-config")
            #expect(outcome.status == 1 && outcome.output.isEmpty)
            #expect(outcome.errors.hasPrefix("echoprep: \(file): "), "\(outcome.errors.prefix(300))")
            #expect(outcome.errors.utf8.count < 1000)
        }
    }

    @Test func `a file that is not there, and one that is no file`() throws {
        try withTemporaryFolder { folder in
            for path in [folder.appendingPathComponent("none.yaml").path, folder.path, "/dev/zero"] {
                let outcome = try Built.run("train", "--config", path)
                #expect(outcome.status == 1 && outcome.errors.hasPrefix("echoprep: \(path): "))
            }
        }
    }

    @Test func `an empty file gives nothing, and a file does not hinder --help`() throws {
        for text in ["", "# only a remark\n", "---\n", "{}"] {
            try withFile(text) { file in
                let arguments = ["train", "--dataset", "d", "--run", "r", "--print-config"]
                let without = try shown(arguments)
                #expect(try shown(arguments + ["--config", file]) == without)
                #expect(try shown(["train", "--config", file, "--help"]).contains("--config"))
            }
        }
    }

    private func shown(_ arguments: [String]) throws -> String {
        let outcome = try Built.run(arguments)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return outcome.output
    }

    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        try withFile(Data(text.utf8), body)
    }

    private func withFile(_ bytes: Data, _ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("run.yaml")
            try bytes.write(to: file)
            try body(file.path)
        }
    }
}

/// Files that try to take all time, memory or stack.
enum HostileFile: CaseIterable {
    case aliases, aliasedKeys, brackets, braces, indents, dashes, questions, deepList, manyKeys, longKey,
        binary, huge
    case openQuote, control, zero, surrogate

    var bytes: Data {
        switch self {
        case .aliases:
            text("lr: &a0 [x]\n" + levels.map { "k\($0): &a\($0) [*a\($0 - 1),*a\($0 - 1)]\n" }.joined())
        case .aliasedKeys:
            text(
                "- &a0 [x]\n" + levels.map { "- &a\($0) [*a\($0 - 1),*a\($0 - 1)]\n" }.joined()
                    + "- {? *a40 : 1}\n")
        case .brackets: text(String(repeating: "[", count: 500_000))
        case .braces: text(String(repeating: "{a: ", count: 200_000))
        case .indents: text((0..<1300).map { String(repeating: " ", count: $0) + "a:\n" }.joined())
        case .dashes: text(String(repeating: "- ", count: 400_000))
        case .questions: text(String(repeating: "? ", count: 400_000))
        case .deepList: text("lr: " + String(repeating: "[", count: 900) + String(repeating: "]", count: 900))
        case .manyKeys: text((0..<50_000).map { "key\($0): 1\n" }.joined())
        case .longKey: text(String(repeating: "k", count: 1000) + ": 1")
        case .binary: Data((0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        case .huge: Data(repeating: UInt8(ascii: "#"), count: 17 << 20)
        case .openQuote: text("run: \"" + String(repeating: "a", count: 1_000_000))
        case .control: text("run: \u{1}\u{2}")
        case .zero: text("run: \"a\\0b\"")
        case .surrogate: text("run: \"\\uD800\"")
        }
    }

    private var levels: ClosedRange<Int> { 1...40 }
    private func text(_ text: String) -> Data { Data(text.utf8) }
}
