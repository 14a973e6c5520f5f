// `echoprep link-icd`: labels for a dataset's studies.

public import ArgumentParser
import EchoCore
import Foundation
public import Labels

extension StayWindow.Ends: ExpressibleByArgument {}
extension TargetRule.Basis: ExpressibleByArgument {}

struct LinkICDCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link-icd",
        abstract: "Labels studies with the ICD-10-CM categories of the hospital stay that they lie in.",
        discussion: """
            Reads MIMIC-IV's patients, admissions and diagnoses_icd and MIMIC-IV-ECHO's two lists, csv or csv.gz, and \
            replaces the labels in DATASET/echoprep.sqlite in one transaction. Every choice is recorded beside them.
            """)

    @Option(help: "The dataset folder.")
    var dataset: String

    @Option(name: .customLong("mimic-iv"), help: "The folder of MIMIC-IV's hosp tables.")
    var mimicIV: String

    @Option(help: "The folder of echo-study-list and echo-record-list; else the one that was ingested.")
    var echo: String?

    @Option(help: "When a study lies in a stay: closed, half-open, strict, or ed (from edregtime).")
    var window = StayWindow.Ends.closed

    @Option(help: "Hours before a stay that still belong to it.")
    var marginBefore = 0.0

    @Option(help: "Hours after a stay that still belong to it.")
    var marginAfter = 0.0

    @Flag(help: "Leave out codes that the release of ICD-10-CM no longer has.")
    var strictCodes = false

    @Option(help: "How many of the most prevalent categories become targets.")
    var top = 40

    @Option(help: "The least prevalence of a target, as a share of 0 to 1.")
    var minPrevalence = 0.0

    @Option(help: "Choose targets on all labelled studies, or on those of train.")
    var fitOn = TargetRule.Basis.all

    @Option(help: "Shares of train/val/test, by a hash of subject_id.")
    var split = SplitRule.paper

    @Option(help: "Seed of the hash.")
    var seed: UInt64 = 1

    @Option(help: "A csv file with the columns subject_id and split, instead of the hash.")
    var splitFile: String?

    @Flag(help: "Exit with 2 if a value of the source files could not be used.")
    var strict = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard top > 0 else { throw ValidationError("--top is above 0") }
        guard (0...1).contains(minPrevalence) else {
            throw ValidationError("--min-prevalence is a share of 0 to 1")
        }
        guard marginBefore.isFinite, marginAfter.isFinite else {
            throw ValidationError("a margin is a number of hours")
        }
    }

    func run() throws {
        let options = LinkOptions(
            echo: echo, window: StayWindow(window, before: marginBefore, after: marginAfter),
            strictCodes: strictCodes,
            targets: TargetRule(top: top, minPrevalence: minPrevalence, basis: fitOn),
            split: try SplitRule(split, seed: seed), splitFile: splitFile,
            commandLine: CommandLine.arguments.joined(separator: " "))
        let summary = try linkICD(dataset: dataset, mimicIV: mimicIV, options: options)
        print(json ? try summary.json() : summary.text)
        if strict, !summary.rejects.isEmpty { throw ExitCode(2) }
    }
}
