// Every choice of link-icd; all of them are written beside the labels that they made.

/// The rules of `linkICD`.
public struct LinkOptions: Sendable {
    /// The folder of MIMIC-IV-ECHO; nil for the one that the dataset was ingested from.
    public var echo: String?
    /// When a study lies within a stay.
    public var window: StayWindow
    /// Codes that the release does not know (`CodeStatus.retired`) do not count.
    public var strictCodes: Bool
    public var targets: TargetRule
    public var split: SplitRule
    /// A csv file with the columns subject_id and split, instead of `split`.
    public var splitFile: String?
    /// As typed, for the table `run`.
    public var commandLine: String

    public init(
        echo: String? = nil, window: StayWindow = StayWindow(), strictCodes: Bool = false,
        targets: TargetRule = TargetRule(), split: SplitRule, splitFile: String? = nil,
        commandLine: String = "link-icd"
    ) {
        self.echo = echo
        self.window = window
        self.strictCodes = strictCodes
        self.targets = targets
        self.split = split
        self.splitFile = splitFile
        self.commandLine = commandLine
    }

    /// The choices as rows of the table `rule`; the files read stand in `source_file`.
    var rules: [String: String] {
        [
            "window": window.ends.rawValue,
            "margin-before": "\(window.before)",
            "margin-after": "\(window.after)",
            "tie-break": "latest admittime, then smaller hadm_id",
            "icd10cm": ICD10CM.current.release,
            "icd9": "ignore",
            "level": "category",
            "strict-codes": "\(strictCodes)",
            "known-at": "discharge",
            "top": "\(targets.top)",
            "min-prevalence": "\(targets.minPrevalence)",
            "fit-on": targets.basis.rawValue,
            "split": splitFile == nil ? "\(split.train)/\(split.val)/\(split.test)" : "split-file",
            "seed": "\(split.seed)",
        ]
    }
}
