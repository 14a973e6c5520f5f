// What pre-trained models make of studies that they never saw.

import Catalog
import Compute
import EchoCore
import Models
import Pictures
import Runs
import Scoring

/// A model's picture of held-out studies: a column a view; rows are masked input, reconstruction, original and error.
struct HeldOut: Sendable {
    private let model: String
    private let image: EncodedImage
    private let width: Int, height: Int
    private let loss: Double

    /// - Parameters:
    ///   - selection: what studies and clips are chosen by
    ///   - most: views at most, each a column
    init?(
        run: String, dataset: String, split: Split, keeping selection: Selection, place: Place, most: Int = 8
    ) throws {
        let trained = try TrainedModel(run: run, dataset: dataset, place: place)
        let catalog = try Catalog(datasetFolder: trained.dataset, keeping: selection)
        let views = trained.configuration.model.views
        // Studies of as many views as the model takes, or as there are, so that each shows what it is to the model.
        let all = try catalog.studies(in: split)
        let wanted = min(views, all.map(\.clips.count).max() ?? 0)
        let studies = all.filter { $0.clips.count >= wanted }.prefix(max(1, most / max(1, wanted)))
        guard !studies.isEmpty, let found = try trained.reconstruct(Array(studies)) else { return nil }
        model = trained.configuration.modelName
        image = EncodedImage(try found.picture.png(), .png)
        (width, height, loss) = (found.picture.width, found.picture.height, found.loss)
    }

    /// Several models, one under the other.
    static func drawn(_ models: [HeldOut]) -> HTML {
        let pictures: [HTML] = models.map { model in
            let name = "Held-out studies, reconstructed by \(model.model)"
            return """
                <p class="when">\(model.model), mean squared error \(model.loss, decimals: 4)</p>
                <img class="picture" alt="\(name)" width="\(plain: model.width)" height="\(plain: model.height)" \
                src="\(model.image)"/>

                """
        }
        return figure(
            "Held-out studies, filled in",
            """
            A column a view, the middle frame of each. Rows from above: what the model was given, what it made of it, the \
            original, and how far each pixel is off, from black to white. The views and masks are the same for all models.
            """,
            HTML(pictures),
            numbers: PageTable(
                columns: [.text("Model"), .number("Squared error of masked patches")],
                rows: models.map { [$0.model, fixed($0.loss, 4)] }))
    }
}
