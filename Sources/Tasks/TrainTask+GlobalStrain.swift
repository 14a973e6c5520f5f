// Global longitudinal strain, which no public list of echocardiograms gives: a number a study out of a csv of one's own.

import Catalog

extension TrainTask {
    /// One number a study in percent, negative in a heart that shortens.
    package static let globalStrain = TrainTask(
        "label:gls", "the global longitudinal strain, out of label import --name gls", epochs: 60,
        labels: LabelledTask(
            .quantity(Quantity("gls", title: "Global longitudinal strain", unit: "%", decimals: 2)),
            lack: "study with a global longitudinal strain and",
            remedy: "run echoprep label import FILE.csv --name gls, with the columns study_id and gls",
            targets: { _ in ["gls"] },
            values: { catalog, targets, split in try catalog.values(of: targets, from: "gls", in: split) }),
        subject: { _ in "the global longitudinal strain" })
}
