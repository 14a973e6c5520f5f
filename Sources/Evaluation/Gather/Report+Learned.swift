// What did it learn: reconstructions of held-out studies, and a map of the studies as the model sees them.

import Catalog
import EchoCore
import Models
import Pictures
import Training

extension HeldOut {
    /// - Parameter most: views at most, each a column
    init?(run: String, dataset: String? = nil, split: Split, threads: Int?, most: Int = 8) throws {
        let trained = try TrainedModel(run: run, dataset: dataset, threads: threads)
        let catalog = try Catalog(datasetFolder: trained.dataset, readOnly: true)
        let views = trained.configuration.model.views
        // Whole studies of as many views as the model takes, so that each shows what it is to the model.
        let studies = try catalog.studies(in: split).filter { $0.clips.count >= min(views, 2) }
            .prefix(max(1, most / views))
        guard !studies.isEmpty, let found = try trained.reconstruct(Array(studies)) else { return nil }
        self.init(
            model: trained.configuration.modelName, image: EncodedImage(try found.picture.png(), .png),
            width: found.picture.width, height: found.picture.height, loss: found.loss)
    }
}

extension EmbeddingMap {
    /// Maps the studies of a split, at most as many as an exact map takes; nil for too few.
    ///
    /// - Parameter codes: those whose studies are coloured
    init?(run: String, _ catalog: Catalog, _ options: EvaluateOptions, codes: [String]) throws {
        let studies = try catalog.studies(in: options.split).prefix(NeighbourMap.most)
        guard studies.count >= 8 else { return nil }
        let trained = try TrainedModel(run: run, dataset: options.dataset, threads: options.threads)
        var points: [[Float]] = []
        try trained.embed(Array(studies), per: .study) { points += $0.map(\.vector) }
        let axes = PrincipalComponents(points)
        components = points.map { axes($0) }
        shares = axes.shares
        neighbours = NeighbourMap(points).places

        let targets = try catalog.targets().map(\.category)
        let labels = Dictionary(
            try catalog.labels(in: options.split).map { ($0.studyID, $0.values) }, uniquingKeysWith: { $1 })
        let fractions = try catalog.ejectionFractions(in: options.split)
        var colourings = codes.compactMap { code in
            targets.firstIndex(of: code).map { index in
                Colouring(
                    name: code, classes: ["without \(code)", "with \(code)"],
                    members: studies.map { $0.studyID.flatMap { labels[$0] }.map { $0[index] ? 1 : 0 } })
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
