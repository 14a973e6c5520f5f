// `echoprep link-icd`: labels for a dataset's studies.

import ArgumentParser
import EchoCore
import Labels

struct LinkICDCommand: ConfigurableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link-icd",
        abstract: "Labels studies with the ICD-10-CM categories of the hospital stay that they lie in.",
        discussion: """
            Reads MIMIC-IV's patients, admissions and diagnoses_icd and MIMIC-IV-ECHO's two lists, csv or csv.gz, and \
            replaces the labels in DATASET/echoprep.sqlite in one transaction. Every choice is recorded beside them.

            Examples:
              echoprep link-icd --dataset dataset --mimic-iv mimiciv/hosp
              echoprep link-icd --dataset dataset --mimic-iv mimiciv/hosp --codes paper
            """)

    @Option(help: "The dataset folder.", path: .folder)
    var dataset: String

    @Option(
        name: .customLong("mimic-iv"), help: "The folder of MIMIC-IV's hosp tables.", path: .folder)
    var mimicIV: String?

    @Option(
        help: "The folder of echo-study-list and echo-record-list; else the one that was ingested.",
        path: .folder)
    var echo: String?

    @OptionGroup(title: "From studies to stays") var stays: StayOptions
    @OptionGroup(title: "From diagnoses to labels") var labels: LabelOptions
    @OptionGroup(title: "Targets") var targets: TargetOptions
    @OptionGroup(title: "Splits") var splits: SplitOptions
    @OptionGroup(title: "Measurements") var measurements: MeasurementOptions

    @Option(help: "Say why this study has its labels; reads the database alone.")
    var explain: Int?

    @Flag(help: "Exit with 2 if a value of the source files could not be used.")
    var strict = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var configuration: ConfigurationOptions
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func validate() throws {
        if explain == nil, mimicIV == nil {
            throw ValidationError("name the folder of MIMIC-IV with --mimic-iv")
        }
    }

    func run() throws {
        if let explain {
            let explanation = try explainLabels(dataset: dataset, study: explain)
            return try show(json ? explanation.json() : explanation.text)
        }
        var options = LinkOptions(
            echo: echo, window: stays.rule, labels: labels.rule, targets: targets.rule,
            split: try splits.rule(), commandLine: CommandLine.arguments.joined(separator: " "))
        options.testTypes = measurements.types
        let summary = try linkICD(dataset: dataset, mimicIV: mimicIV ?? "", options: options)
        try show(json ? summary.json() : summary.text)
        tellNext("train", "--dataset", dataset, "--run", "RUN")
        if strict, !summary.rejects.isEmpty { throw ExitCode(2) }
    }
}
