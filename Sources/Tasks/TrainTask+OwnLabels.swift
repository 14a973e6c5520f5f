// Classes of one's own, of studies or of clips, out of `label import` or the review: no code is needed for them.

import Catalog
import EchoCore

extension TrainTask {
    /// `label:NAME`: every target of the labels NAME, each 0 or 1; or where none are called so, the answers to the question
    /// NAME, as the views of clips, whoever gives them. Nil for another name. A quantity is a task of the list.
    static func ownLabels(_ task: String) -> TrainTask? {
        guard task.hasPrefix("label:"), task.count > 6 else { return nil }
        let name = String(task.dropFirst(6))
        guard printable(name) == name else { return nil }
        return TrainTask(
            task, "the labels \(name), out of label import or the review", epochs: 120,
            labels: LabelledTask(
                .classes, unit: { try OwnLabels(name, in: $0).unit },
                lack: "study or clip with labels \(name) and",
                remedy:
                    "run echoprep label import FILE.csv --name \(name), with the column study_key, study_id or clip",
                targets: { try OwnLabels(name, in: $0).targets },
                values: { catalog, targets, split in
                    try OwnLabels(name, in: catalog).values(of: targets, in: split, catalog)
                }),
            subject: { targets in targets == 1 ? "\(name)" : "\(targets) labels of \(name)" })
    }
}

/// What a dataset has under a name of one's own.
private struct OwnLabels {
    let name: String
    let unit: LabelSource.Unit
    let targets: [String]
    /// Of several classes one, whoever says so; nil for the labels of one source.
    private let field: LabelField?

    init(_ name: String, in catalog: Catalog) throws(EchoError) {
        self.name = name
        if let unit = try catalog.units(of: name).first(where: { $0 != .subject }) {
            (self.unit, field) = (unit, nil)
            targets = try catalog.targets(of: name, unit: unit)
        } else {
            field = try catalog.field(name)
            unit = field?.unit ?? .study
            targets = field?.targets ?? []
        }
    }

    /// What is known, by the key of a study, of the split alone, or of a clip: a number a target, NaN where it is not known.
    func values(of targets: [String], in split: Split, _ catalog: Catalog) throws(EchoError) -> [String:
        [Float]]
    {
        if let field { return try ones(of: field, among: targets, catalog) }
        let single = targets.filter { LabelField.name(ofTarget: $0) == nil }
        let values =
            unit == .study
            ? try catalog.values(of: single, from: name, in: split)
            : try catalog.values(of: single, from: name, unit: unit)
        for (index, target) in single.enumerated()
        where values.values.contains(where: { !($0[index].isNaN || $0[index] == 0 || $0[index] == 1) }) {
            throw EchoError(
                "--task label:\(name)", "its target \(target) has values that are neither 0 nor 1",
                try: "a class is 0 or 1; a quantity is a task of its own (docs/contributing.md)")
        }
        if single == targets { return values }
        // Of each question the answers stand together, the others around them.
        let fields = Set(targets.compactMap(LabelField.name(ofTarget:)))
        var found: [String: [Float]] = [:]
        let unknown = [Float](repeating: .nan, count: targets.count)
        func take(_ own: [String: [Float]], of columns: [String]) {
            let places = columns.compactMap(targets.firstIndex(of:))
            for (key, row) in own {
                for (place, value) in zip(places, row) { found[key, default: unknown][place] = value }
            }
        }
        take(values, of: single)
        for field in fields.sorted() {
            let own = targets.filter { LabelField.name(ofTarget: $0) == field }
            take(
                try ones(
                    of: LabelField(name: field, unit: unit, targets: own, sources: [name]), among: own,
                    catalog),
                of: own)
        }
        return found
    }

    /// 1 for the answer that holds, 0 for the others.
    private func ones(
        of field: LabelField, among targets: [String], _ catalog: Catalog
    ) throws(EchoError) -> [String: [Float]] {
        let places = Dictionary(uniqueKeysWithValues: zip(targets, targets.indices))
        return try catalog.choices(of: field).compactMapValues { target in
            places[target].map { place in targets.indices.map { $0 == place ? 1 : 0 } }
        }
    }
}
