// What did it learn: held-out reconstructions, which views read each other, and where studies lie on the model's map.

import Catalog
import EchoCore
import Runs
import Scoring
import Tasks

/// The section on what the model knows; nil where nothing was looked at.
struct LearnedSection: ReportSection {
    static let anchor: StaticString = "learned"
    static let showsAnswers = false
    static let isForOutsiders = false
    let title = "What it learned"
    /// What pre-trained models make of held-out studies.
    private let heldOut: [HeldOut]
    private let attention: AttentionMap?
    private let map: EmbeddingMap?

    init?(_ subject: ReportSubject) throws {
        heldOut =
            try subject.pretrained.map { runs, dataset, place in
                try runs.compactMap {
                    try HeldOut(
                        run: $0, dataset: dataset, split: subject.split,
                        keeping: subject.catalog?.selection ?? Selection(), place: place)
                }
            } ?? []
        if let trained = subject.trained, let catalog = subject.catalog {
            let told = subject.standings.first { $0.kind == .classes }?.scores[0].bestTold ?? []
            attention = try AttentionMap(trained, catalog, subject.split)
            map = try EmbeddingMap(trained, catalog, subject.split, codes: told.prefix(1).map(\.code.target))
        } else {
            (attention, map) = (nil, nil)
        }
        if heldOut.isEmpty && attention == nil && map == nil { return nil }
    }

    var content: HTML {
        var content = heldOut.isEmpty ? HTML() : HeldOut.drawn(heldOut)
        if let attention { content += attention.drawn }
        if let map { content += HTML(map.colourings.map(map.drawn)) }
        return content
    }
}
