// What did it learn: reconstructions of held-out studies, and a map of the studies as the model sees them.

import Catalog
import Compute
import EchoCore
import Models
import Pictures
import Runs

extension HeldOut {
    /// - Parameter most: views at most, each a column
    init?(run: String, dataset: String? = nil, split: Split, place: Place, most: Int = 8) throws {
        let trained = try TrainedModel(run: run, dataset: dataset, place: place)
        let catalog = try Catalog(datasetFolder: trained.dataset, readOnly: true)
        let views = trained.configuration.model.views
        // Studies of as many views as the model takes, or as there are, so that each shows what it is to the model.
        let all = try catalog.studies(in: split)
        let wanted = min(views, all.map(\.clips.count).max() ?? 0)
        let studies = all.filter { $0.clips.count >= wanted }.prefix(max(1, most / max(1, wanted)))
        guard !studies.isEmpty, let found = try trained.reconstruct(Array(studies)) else { return nil }
        self.init(
            model: trained.configuration.modelName, image: EncodedImage(try found.picture.png(), .png),
            width: found.picture.width, height: found.picture.height, loss: found.loss)
    }
}

extension AttentionMap {
    /// - Parameter most: studies at most; the first of as many views as the model takes is shown
    init?(_ trained: TrainedModel, _ catalog: Catalog, _ options: EvaluateOptions, most: Int = 32) throws {
        let studies = try catalog.studies(in: options.split).filter { $0.clips.count > 1 }.prefix(most)
        var shown: (views: [EncodedImage], shares: [[Double]])?
        var own: [Double] = [], alike: [Double] = []
        for study in studies {
            try Interruption.check()
            guard let (attention, pictures) = try trained.attention(of: study) else { return nil }
            let shares = (0..<attention.views).map { view in
                (0..<attention.views).map { read in
                    let all = (0..<attention.layers * attention.heads).map { place in
                        Double(
                            attention.share(
                                layer: place / attention.heads, head: place % attention.heads, of: view,
                                in: read))
                    }
                    return all.reduce(0, +) / Double(all.count)
                }
            }
            own += shares.indices.map { shares[$0][$0] }
            alike += shares.map { 1 / Double($0.count) }
            if shares.count > shown?.shares.count ?? 1 {
                shown = (try pictures.map { EncodedImage(try $0.fitted(into: 112).png(), .png) }, shares)
            }
        }
        guard let shown, let own = Metrics.mean(own), let alike = Metrics.mean(alike) else { return nil }
        self.init(
            views: shown.views, shares: shown.shares, studies: studies.count, own: own, alike: alike)
    }
}

extension EmbeddingMap {
    /// Maps the studies of a split, at most as many as an exact map takes; nil for too few.
    ///
    /// - Parameter codes: those whose studies are coloured
    init?(_ trained: TrainedModel, _ catalog: Catalog, _ options: EvaluateOptions, codes: [String]) throws {
        let studies = try catalog.studies(in: options.split).prefix(NeighbourMap.most)
        guard studies.count >= 8 else { return nil }
        var points: [[Float]] = []
        try trained.embed(Array(studies), per: .study) { points += $0.map(\.vector) }
        let axes = PrincipalComponents(points)
        components = points.map { axes($0) }
        shares = axes.shares
        neighbours = NeighbourMap(points).places

        let targets = try catalog.targets().map(\.category)
        let labels = Dictionary(
            uniqueKeysWithValues: try catalog.labels(
                of: targets, from: LabelSource.linkICD, in: options.split
            ).map { ($0.key, $0.values) })
        let fractions = try catalog.ejectionFractions(in: options.split)
        var colourings = codes.compactMap { code in
            targets.firstIndex(of: code).map { index in
                Colouring(
                    name: code, classes: ["without \(code)", "with \(code)"],
                    members: studies.map { labels[$0.key]?[index].map { $0 == 0 ? 0 : 1 } })
            }
        }
        if studies.contains(where: { fractions[$0.key] != nil }) {
            colourings.append(
                Colouring(
                    name: "ejection fraction", classes: ["EF below 40 %", "40 to 50 %", "50 % and above"],
                    members: studies.map { fractions[$0.key].map { $0 < 40 ? 0 : $0 < 50 ? 1 : 2 } }))
        }
        self.colourings = colourings
    }
}
