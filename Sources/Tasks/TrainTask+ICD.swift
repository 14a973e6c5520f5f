// The codes of a hospital stay, as link-icd labels studies with them.

import Catalog

extension TrainTask {
    /// ICD-10-CM categories of the stay, one logit each.
    package static let icd = TrainTask(
        "icd", "the ICD-10 categories of the stay", epochs: 120,
        labels: LabelledTask(
            .classes, lack: "labelled study with",
            remedy: "run echoprep ingest and echoprep link-icd on it first",
            untargeted: "run echoprep link-icd on it first",
            targets: { catalog in try catalog.targets().map(\.category) },
            values: { catalog, targets, split in
                try catalog.classes(of: targets, from: LabelSource.linkICD, in: split, task: "icd")
            }),
        subject: { "\($0) ICD-10 categories" })
}
