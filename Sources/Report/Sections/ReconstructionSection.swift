// What pre-training learned to fill in: the first and the last picture that it drew on the way.

import EchoCore
import Files
import Foundation
import Pictures
import Runs
import Scoring

/// The section of reconstructions.
struct ReconstructionSection: ReportSection {
    static let anchor: StaticString = "reconstructions"
    static let showsAnswers = false
    static let isForOutsiders = false
    let title = "Reconstructions"
    private let pictures: [Reconstruction]

    init?(_ subject: ReportSubject) throws {
        pictures = try subject.runs.flatMap { try Reconstruction.firstAndLast(run: $0) }
        if pictures.isEmpty { return nil }
    }

    var content: HTML {
        let images: [HTML] = pictures.map { picture in
            let name = "Reconstructions after epoch \(picture.epoch)"
            return """
                <p class="when">After epoch \(picture.epoch)</p>
                <img class="picture" alt="\(name)" width="\(plain: picture.width)" \
                height="\(plain: picture.height)" src="\(picture.image)"/>

                """
        }
        let table = PageTable(
            columns: [.number("Epoch"), .number("Training loss"), .number("Validation loss")],
            rows: pictures.map { picture in
                [grouped(picture.epoch)]
                    + [picture.trainingLoss, picture.validationLoss].map { $0.map { fixed($0, 4) } ?? "–" }
            })
        return figure(
            "What pre-training fills in",
            "Rows from above: what the model was given, what it made of it, and the original. The last is of epoch \(pictures[pictures.count - 1].epoch).",
            HTML(images), numbers: table)
    }
}

/// A picture of masked input, reconstruction and original, as pre-training wrote it.
private struct Reconstruction {
    let epoch: Int
    let image: EncodedImage
    let width: Int, height: Int
    let trainingLoss: Double?, validationLoss: Double?

    /// The first and the last of the pictures that a pre-training run wrote.
    static func firstAndLast(run: String) throws -> [Reconstruction] {
        let folder = RunFolder(run).pictures
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasPrefix("epoch-") && $0.hasSuffix(".png") }.sorted()
        let chosen = names.count > 1 ? [names[0], names[names.count - 1]] : names
        guard !chosen.isEmpty else { return [] }
        let history = try TrainingHistory(run: run)
        return try chosen.map { name in
            let bytes = try readFile("\(folder)/\(name)"), picture = try Picture(png: bytes)
            let epoch = Int(name.dropFirst(6).dropLast(4)) ?? 0
            func loss(_ points: [TrainingHistory.Point]) -> Double? {
                Metrics.mean(points.filter { $0.epoch == epoch }.map(\.value))
            }
            return Reconstruction(
                epoch: epoch, image: EncodedImage(bytes, .png), width: picture.width, height: picture.height,
                trainingLoss: loss(history.training), validationLoss: loss(history.validation))
        }
    }
}
