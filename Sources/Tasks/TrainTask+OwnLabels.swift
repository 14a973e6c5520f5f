// Classes of one's own, out of `label import`: no code is needed for them.

import Catalog
import EchoCore

extension TrainTask {
    /// `label:NAME`: every target of the labels NAME, each 0 or 1; nil for another name. A quantity is a task of the list.
    static func ownLabels(_ task: String) -> TrainTask? {
        guard task.hasPrefix("label:"), task.count > 6 else { return nil }
        let source = String(task.dropFirst(6))
        guard printable(source) == source else { return nil }
        let remedy =
            "run echoprep label import FILE.csv --name \(source), with the column study_key or study_id"
        return TrainTask(
            task, "the labels \(source), out of label import", epochs: 120,
            labels: LabelledTask(
                .classes, lack: "study with labels \(source) and", remedy: remedy,
                targets: { catalog in try catalog.targets(of: source) },
                values: { catalog, targets, split in
                    try catalog.classes(of: targets, from: source, in: split, task: task)
                }),
            subject: { targets in targets == 1 ? "\(source)" : "\(targets) labels of \(source)" })
    }
}
