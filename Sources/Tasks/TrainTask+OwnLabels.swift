// Classes of one's own, out of `label import`: no code is needed for them.

import Catalog
import EchoCore

extension TrainTask {
    /// `label:NAME`: every target of the labels NAME, each 0 or 1; nil for another name. A quantity is a task of the list.
    static func ownLabels(_ task: String) -> TrainTask? {
        guard task.hasPrefix("label:"), task.count > 6 else { return nil }
        let source = String(task.dropFirst(6))
        let remedy =
            "run echoprep label import FILE.csv --name \(source), with the column study_key or study_id"
        return TrainTask(
            task, "the labels \(source), out of label import", epochs: 120,
            labels: LabelledTask(
                .classes, lack: "study with labels \(source) and", remedy: remedy,
                targets: { catalog in try catalog.targets(of: source) },
                values: { catalog, targets, split in
                    let values = try catalog.values(of: targets, from: source, in: split)
                    for (index, target) in targets.enumerated()
                    where values.values.contains(where: {
                        !($0[index].isNaN || $0[index] == 0 || $0[index] == 1)
                    }) {
                        throw EchoError(
                            "--task \(task)", "its target \(target) has values that are neither 0 nor 1",
                            try: "a class is 0 or 1; a quantity is a task of its own (docs/contributing.md)")
                    }
                    return values
                }),
            subject: { targets in targets == 1 ? "\(source)" : "\(targets) labels of \(source)" })
    }
}
