// What --help and -h show of every command.

import Foundation
import Testing
import TestSupport

@Suite struct HelpTests {
    static let commands = [
        [], ["phantom"], ["ingest"], ["merge"], ["inspect"], ["verify"], ["link-icd"], ["label"],
        ["label", "import"], ["label", "list"], ["label", "compare"], ["label", "drop"], ["train"],
        ["evaluate"],
        ["experiment"], ["embed"], ["export"], ["export", "model"], ["export", "clips"],
        ["export", "labels"],
        ["export", "croissant"], ["review"], ["review", "serve"], ["review", "export"],
        ["review", "agreement"],
        ["review", "merge"], ["status"], ["engines"], ["completions"],
    ]

    @Test(arguments: commands)
    func `every help has examples, of options that there are`(command: [String]) throws {
        let help = try Built.run(command + ["--help"]).output
        let lines = help.split(separator: "\n").filter { $0.hasPrefix("  echoprep ") }
        #expect(help.contains("\nExamples:\n") && !lines.isEmpty)
        for line in lines {
            let words = line.split(separator: " ").dropFirst()
            let named = words.prefix { !$0.hasPrefix("-") && !$0.contains("/") && !$0.contains(".") }.map(
                String.init)
            let owner = HelpTests.commands.last { !$0.isEmpty && named.starts(with: $0) } ?? []
            // `serve` may be left out.
            let own = try Built.run((owner == ["review"] ? ["review", "serve"] : owner) + ["--help"]).output
            for word in words where word.hasPrefix("--") {
                #expect(own.contains("\(word) ") || own.contains("\(word)\n"))
            }
        }
    }

    @Test(arguments: commands)
    func `-h is a part of --help, and no line is wider than a terminal`(command: [String]) throws {
        let long = try Built.run(command + ["--help"]).output, short = try Built.run(command + ["-h"]).output
        let all = Set(long.split(separator: "\n")), some = short.split(separator: "\n")
        #expect(some.count <= all.count)
        let added = some.filter {
            !all.contains($0) && !$0.hasPrefix("  --help shows ") && !$0.hasPrefix("    ")
        }
        #expect(added.isEmpty, "\(added)")
        // An address is one word, and what a command cannot do without is not left out.
        for line in all where !line.contains("https://") && !line.hasPrefix("USAGE: ") {
            #expect(line.count <= 80, "\(line)")
        }
        #expect(all.allSatisfy { $0.count < 100 || $0.contains("https://") })
    }

    @Test func `everyday options come first, and the others under titles`() throws {
        let long = try Built.run("train", "--help").output, short = try Built.run("train", "-h").output
        let places = try ["\nOPTIONS:", "\nWHAT A STEP SEES:", "\nTHE MODEL:", "\nHOW IT LEARNS:"].map {
            title in
            try #require(long.range(of: title)).lowerBound
        }
        #expect(places == places.sorted())
        #expect(short.contains("--epochs <number>") && !short.contains("--weight-decay"))
        #expect(short.contains("  --help shows ") && short.contains("    how it learns"))
        #expect(long.contains("--dataset <folder>") && long.contains("--memory <size>"))
    }

    @Test(
        arguments: commands.filter {
            !$0.isEmpty && !["label", "export", "review"].contains($0.last) || $0.count == 2
        })
    func `every command can be quiet, and keep what it says in a file`(command: [String]) throws {
        let help = try Built.run(command + ["--help"]).output
        #expect(help.contains("--quiet") && help.contains("--log-file <file>"))
        let answersPeople = [["completions"], ["review", "serve"]]
        #expect(help.contains("--json") || answersPeople.contains(command))
    }

    @Test func `what is said goes to a file with its time, and --quiet drops it from the terminal`() throws {
        try withTemporaryFolder { folder in
            let phantom = [
                "phantom", "ph", "--studies", "1", "--frames", "2", "--size", "96x128", "--no-extras",
            ]
            let loud = try Built.run(phantom + ["--log-file", "log"], in: folder)
            #expect(loud.errors.contains("next: echoprep ingest ph/mimic-iv-echo --dataset DATASET\n"))
            let quiet = try Built.run(phantom + ["--quiet", "--log-file", "log"], in: folder)
            #expect(quiet.status == 0 && quiet.errors.isEmpty && quiet.output.contains("written to ph"))
            let wrong = try Built.run(["verify", "nope", "--quiet", "--log-file", "log"], in: folder)
            #expect(wrong.status == 1 && wrong.errors.hasPrefix("echoprep: nope: is no dataset"))
            let log = try String(contentsOf: folder.appendingPathComponent("log"), encoding: .utf8)
            let lines = log.split(separator: "\n")
            #expect(lines.count { $0.contains("Z next: echoprep ingest ") } == 1)
            #expect(lines.count { $0.contains("Z echoprep: nope: is no dataset") } == 1)
            #expect(lines.first?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ .*/) != nil, "\(log)")
        }
    }

    @Test func `a folder says what it is and what comes next`() throws {
        try withTemporaryFolder { folder in
            func done(_ command: String) throws -> Outcome {
                let outcome = try Built.run(command.split(separator: " ").map(String.init), in: folder)
                try #require(outcome.status == 0, "\(outcome.errors)")
                return outcome
            }
            _ = try done("phantom ph --studies 12 --frames 4 --size 96x128 --no-extras")
            _ = try done("ingest ph/mimic-iv-echo --dataset ds")
            #expect(
                try done("status ds").output.hasSuffix(
                    "next: echoprep link-icd --dataset ds --mimic-iv MIMIC-IV/hosp\n"))
            _ = try done("link-icd --dataset ds --mimic-iv ph/mimiciv/hosp --split 60/20/20")
            #expect(try done("status ds").output.hasSuffix("next: echoprep train --dataset ds --run RUN\n"))
            _ = try done("train --dataset ds --run runs/pre --epochs 1 --views 2 --frames 2")
            _ = try done("train --dataset ds --run runs/icd --epochs 1 --views 2 --frames 2 --task icd")
            #expect(
                try done("status runs/icd").output.hasSuffix(
                    "icd lamae: done\nnext: echoprep evaluate runs/icd\n"))
            let all = try done("status runs").output
            #expect(all.hasPrefix("2 runs\n") && all.contains("runs/pre  pretrain lamae: done\n"))
            #expect(try done("status runs --json").output.contains("\"is_evaluated\" : false"))
        }
    }

    @Test func `a dry run of an experiment checks all, and says what it would take`() throws {
        try withTemporaryFolder { folder in
            for command in [
                "phantom ph --studies 12 --frames 4 --size 96x128 --no-extras",
                "ingest ph/mimic-iv-echo --dataset ds",
                "link-icd --dataset ds --mimic-iv ph/mimiciv/hosp --split 60/20/20",
            ] {
                let outcome = try Built.run(command.split(separator: " ").map(String.init), in: folder)
                try #require(outcome.status == 0, "\(outcome.errors)")
            }
            let dry =
                ["experiment", "table1", "--dataset", "ds", "--out", "out", "--dry-run", "--preset", "tiny"]
                + ["--views", "2", "--frames", "2", "--models", "lamae", "--seeds", "1", "--epochs", "3"]
            let outcome = try Built.run(dry + ["--pretrain-epochs", "7"], in: folder)
            try #require(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("lamae-pretrain: missing; 7 epochs of "))
            #expect(outcome.output.contains("lamae-full-1: missing; 3 epochs of "))
            #expect(outcome.output.contains("\nin all ") && outcome.output.contains(" MB on the disk"))
            #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("out").path))
            // What the first run would end with, it says before.
            let wrong = try Built.run(dry + ["--where", "agee > 3"], in: folder)
            #expect(wrong.status == 1 && wrong.errors.contains("no such column: agee"))
        }
    }
}
