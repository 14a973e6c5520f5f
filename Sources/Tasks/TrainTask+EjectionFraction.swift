// The left ventricle's ejection fraction, out of a source's own list or out of measurements.

import Catalog

extension TrainTask {
    /// One number a study, in percent.
    package static let lvef = TrainTask(
        "lvef", "the ejection fraction", epochs: 60,
        labels: LabelledTask(
            .quantity(.ejectionFraction), lack: "study with an ejection fraction and",
            remedy: "ingest EchoNet, or link-icd MIMIC-IV-ECHO with its structured-measurement.csv.gz",
            targets: { _ in [Quantity.ejectionFraction.name] },
            values: { catalog, _, split in
                try catalog.ejectionFractions(in: split).mapValues { [Float($0)] }
            }),
        subject: { _ in "the ejection fraction" })
}

extension Quantity {
    package static let ejectionFraction = Quantity("EF", title: "Ejection fraction", unit: "%", decimals: 2)
}
