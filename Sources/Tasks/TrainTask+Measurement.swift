// The structured measurements of MIMIC-IV-ECHO: any of them, as a number or as the grade of a scale.

import Catalog
import EchoCore

extension TrainTask {
    /// `measure:NAME`: one number a study, of those that link-icd has read; nil for another name. A short name, as
    /// `measure:mr`, is that of the whole one, `measure:mitral_regurg`.
    static func measurement(_ task: String) -> TrainTask? {
        guard task.hasPrefix("measure:"), task.count > 8 else { return nil }
        let given = String(task.dropFirst(8))
        guard printable(given) == given else { return nil }
        let kind = MeasurementKind.named(given)
        let name = kind?.name ?? given
        let quantity = Quantity(measured: name)
        return TrainTask(
            "measure:\(name)", "the measurement \(name)", epochs: 60,
            labels: LabelledTask(
                .quantity(quantity), lack: "study with the measurement \(name) and",
                remedy: "run echoprep link-icd on MIMIC-IV-ECHO with its structured-measurement.csv.gz",
                untargeted: """
                    echoprep label list --dataset DATASET names the measurements that it has, and the view v_unread_result \
                    the results that could not be read
                    """,
                targets: { catalog in
                    try catalog.hasTarget(name, of: LabelSource.measurements) ? [name] : []
                },
                values: { catalog, targets, split in
                    try catalog.values(of: targets, from: LabelSource.measurements, in: split)
                }),
            subject: { _ in quantity.title })
    }
}

extension Quantity {
    /// A measurement: what is known of it, or no more than its name.
    init(measured name: String) {
        guard let kind = MeasurementKind.named(name) else {
            self.init(name, title: name, unit: nil, decimals: 2)
            return
        }
        let span = kind.plausible.map { $0.upperBound - $0.lowerBound } ?? 0
        self.init(
            kind.name, title: kind.title, unit: kind.unit, decimals: span > 100 ? 1 : 2, grades: kind.grades)
    }
}
