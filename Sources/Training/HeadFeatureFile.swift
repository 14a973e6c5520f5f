// What a frozen encoder says of each study, once and for all heads: in the run's folder, so that it is computed once.

import Catalog
import Compute
import EchoCore
import Files
import Foundation
import Models
import Runs
import Shards
import StudyData

/// RUN/features.safetensors: a tensor [rows, dim] for each study, under its key.
struct HeadFeatureFile {
    private let file: SafetensorsFile

    /// Opens the file of a run, or computes it: of each study the views and frames of validation.
    init(
        _ configuration: RunConfiguration, _ learner: Learner, _ set: StudySet, shards: ShardPool,
        in folder: RunFolder, batch: Int, workers: Int, say: (String) -> Void
    ) throws {
        let path = folder.features, origin = try HeadFeatureFile.origin(configuration)
        if FileManager.default.fileExists(atPath: path),
            let found = try? SafetensorsFile(path: path), found.metadata["origin"] == origin
        {
            file = found
            return
        }
        let studies = set.train + set.validation, width = configuration.model.dim
        let loader = BatchLoader(
            studies: StudyLoader(configuration, shards), model: configuration.model,
            engine: learner.model.engine)
        let progress = Progress("features", total: studies.count, unit: set.unit.plural)
        var done = 0, rows = 0
        var writer = try SafetensorsWriter(
            path, metadata: ["format": "echoprep features 1", "origin": origin],
            headerRoom: (studies.count * 160 + 4096) / 8 * 8)
        try loader.evaluate(studies, batch: batch, workers: workers) { studies, loaded in
            let found = learner.model.features(loaded.input)
            var start = 0
            for (study, count) in zip(studies, found.rows) {
                try writer.add(
                    study.stored.key, shape: [count, width],
                    floats: Array(found.values[start * width..<(start + count) * width]))
                start += count
            }
            (done, rows) = (done + studies.count, rows + start)
            progress.update(done)
        }
        try writer.finish()
        progress.finish(done)
        file = try SafetensorsFile(path: path)
        let size = String(format: "%.1f MB", 4e-6 * Double(rows * width))
        say(
            "features of \(set.unit.text(done)), \(size), in \(RunFolder.place(path)); delete it when you like"
        )
    }

    /// What features depend on.
    private static func origin(_ configuration: RunConfiguration) throws -> String {
        let recipe = configuration.recipe
        let parts = [
            try jsonText(configuration.model), try jsonText(configuration.normalisation),
            configuration.data.digest,
            configuration.initial?.sha256 ?? "seed \(recipe.seed)", "\(recipe.stride)", "\(recipe.padViews)",
            recipe.precision.rawValue,
        ]
        return sha256(Array(parts.joined(separator: "\n").utf8))
    }

    /// Those of some studies side by side.
    func features(of studies: [Study]) throws -> HeadFeatures {
        HeadFeatures(
            try studies.map { study in
                HeadFeatures(
                    values: try file.floats(study.stored.key),
                    rows: [file.tensors[study.stored.key]?.shape.first ?? 0])
            })
    }
}
