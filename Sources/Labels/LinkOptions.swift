// Every choice of link-icd; all of them are written beside the labels that they made.

import Catalog
package import EchoCore

/// The rules of `linkICD`.
package struct LinkOptions: Sendable {
    /// The folder of MIMIC-IV-ECHO; nil for the one that the dataset was ingested from.
    package var echo: String?
    /// When a study lies within a stay.
    package var window: StayWindow
    /// How diagnoses become labels.
    package var labels: LabelRule
    package var targets: TargetRule
    package var split: SplitRule
    /// The tests whose measurements become labels, as "tte" or "tte,stress"; "all" for all.
    package var testTypes = "tte"
    /// As typed, for the table `run`.
    package var commandLine: String

    package init(
        echo: String? = nil, window: StayWindow = StayWindow(), labels: LabelRule = LabelRule(),
        targets: TargetRule = TargetRule(), split: SplitRule, commandLine: String = "link-icd"
    ) {
        self.echo = echo
        self.window = window
        self.labels = labels
        self.targets = targets
        self.split = split
        self.commandLine = commandLine
    }

    /// The choices as rows of the table `rule`; the files read stand in `source_file`.
    var rules: [String: String] {
        [
            "window": window.ends.rawValue,
            "margin-before": "\(window.before)",
            "margin-after": "\(window.after)",
            "tie-break": window.tieBreak.rawValue,
            "icd10cm": ICD10CM.current.release,
            "icd9": labels.gem == nil ? "ignore" : "gem",
            "level": labels.level.rawValue,
            "strict-codes": "\(labels.strictCodes)",
            "as-of": labels.knownAt.rawValue,
            "codes": targets.codes.map { $0 == TargetRule.paper ? $0 : "list" } ?? "most prevalent",
            "top": "\(targets.top)",
            "min-prevalence": "\(targets.minPrevalence)",
            "fit-on": targets.basis.rawValue,
            "exclude": targets.excludedChapters.joined(separator: ","),
            "split": split.file == nil ? split.shares : "file",
            "stratify": "\(split.stratified)",
            "seed": "\(split.seed)",
            "measurements": MeasurementKind.version,
            "test-types": testTypes,
        ]
    }
}
