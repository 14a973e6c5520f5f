// What a run folder tells of its training: losses, pictures, options.

import EchoCore
import Files
import Foundation
import Models
import Pictures
import Tasks
import Runs
import Training

extension TrainingHistory {
    /// The losses in a run's metrics.jsonl.
    init(run: String, _ configuration: RunConfiguration) throws {
        let lines = MetricsLog.read(try readFile(RunFolder(run).metrics))
        func points(_ split: Split, _ value: (MetricsLine) -> Double?) -> [Point] {
            lines.filter { $0.split == split }.compactMap { line in
                value(line).map { Point(epoch: line.epoch, step: line.step, value: $0) }
            }
        }
        let isPretraining = configuration.task == .pretrain
        name = isPretraining ? "Pre-training" : "Fine-tuning"
        lossName = configuration.task.lossName
        training = points(.train, \.loss)
        validation = points(.val, \.loss)
        let measures = configuration.task == .lvef
        scores = points(.val, measures ? \.mae : \.auroc)
        scoreName = measures ? "Mean absolute error on validation, %" : "Macro AUROC on validation"
        ignorance = measures ? nil : 0.5
    }
}

extension Reconstruction {
    /// The first and the last of the pictures that a pre-training run wrote.
    static func firstAndLast(run: String, _ history: TrainingHistory) throws -> [Reconstruction] {
        let folder = RunFolder(run).pictures
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasPrefix("epoch-") && $0.hasSuffix(".png") }.sorted()
        let chosen = names.count > 1 ? [names[0], names[names.count - 1]] : names
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

extension RunConfiguration {
    /// The choices that a reader wants to know, in words.
    var settings: [(name: String, value: String)] {
        [
            ("model", model.kind.rawValue),
            ("image and patch", "\(model.image), \(model.patch)"),
            ("views and frames", "\(model.views), \(model.frames)"),
            ("width, layers, heads", "\(model.dim), \(model.depth), \(model.heads)"),
            ("latent attention, layers", "\(model.latentDepth)"),
            ("epochs", "\(recipe.epochCount), warm-up \(recipe.warmupCount)"),
            ("batch", "\(recipe.batch)"),
            ("learning rate", "\(recipe.learningRate)"),
            ("weight decay", "\(recipe.weightDecay)"),
            ("head", model.linearHead == true ? "linear" : "two layers"),
            ("frozen", recipe.frozen ? "yes, only the head learned" : "no"),
            ("started from", initial == nil ? "random weights" : "a pre-trained checkpoint"),
            ("seed", "\(recipe.seed)"),
            ("studies: train, validation", "\(grouped(data.train)), \(grouped(data.validation))"),
            ("program", program),
        ]
    }

    /// All that the numbers depend on but seeds, where files lie and the program's version.
    var withoutSeeds: RunConfiguration {
        var key = self
        key.recipe.seed = 0
        (key.program, key.recipe.dataset, key.recipe.initial) = ("", "", nil)
        key.upkeep = Upkeep()
        key.initial?.file = ""
        key.initial?.sha256 = ""
        return key
    }

    /// In words, the kind of model and how it came about.
    var description: String {
        [
            modelName, initial == nil ? "from scratch" : "pre-trained", recipe.frozen ? "frozen" : "",
            model.linearHead == true ? "linear head" : "",
        ]
        .filter { !$0.isEmpty }.joined(separator: ", ")
    }

    var modelName: String { model.kind.title }
}

extension ModelKind {
    /// "LAMAE", "Video-LAMAE", "MAE", "VideoMAE".
    var title: String {
        switch self {
        case .lamae: "LAMAE"
        case .videoLAMAE: "Video-LAMAE"
        case .mae: "MAE"
        case .videoMAE: "VideoMAE"
        }
    }
}
