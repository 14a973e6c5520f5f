// README.md of an exported model: what it is, how it is used, what it learned from, what it is worth, where it ends.

import Catalog
import EchoCore
import Foundation
import Models
import Report
import Runs
import Scoring
import StudyData
import Tasks

/// A model card (Mitchell et al. 2019) in Markdown.
struct ModelCard {
    private let configuration: RunConfiguration
    private let figures: [EvaluationFigures]
    private let format: ModelFormat
    private let license: String

    init(
        _ configuration: RunConfiguration, figures: [EvaluationFigures], format: ModelFormat, license: String
    ) {
        self.configuration = configuration
        self.figures = figures
        self.format = format
        self.license = printable(license)
    }

    private var task: TrainTask { configuration.task }
    private var shape: ModelConfiguration { configuration.model }
    private var subject: String { task.heads.isEmpty ? task.summary : configuration.subject }

    /// The whole text.
    var text: String {
        get throws {
            """
            ---
            license: other
            license_link: \(license)
            tags: [echocardiography, \(shape.kind.rawValue), \(format == .timm ? "timm" : "pytorch")]
            ---

            # \(configuration.modelName): \(line(subject))

            \(introduction)

            ## Use

            \(use)

            ## Model

            \(table(["", ""], sizes))
            ## Data

            \(data)

            ## Recipe

            \(table(["option", "value"], try recipe))
            ## Results

            \(results)
            ## Limits

            \(limits)

            ## Licence

            The weights are made from data under this licence: <\(license)>. What it says of what is made from the data
            holds for them; ask before they go where the data may not. `echoprep_torch.py` is under the Apache License 2.0.

            """
        }
    }

    private var introduction: String {
        let meeting =
            shape.kind.hasLatentAttention ? "; the views of a study meet in latent attention" : ""
        let encoder = shape.kind.isVideo ? "clips whole" : "each frame alone"
        let state =
            configuration.targets.isEmpty
            ? "It was pre-trained: it reconstructs masked patches, and answers nothing by itself."
            : "It answers: \(configuration.targets.map(line).joined(separator: ", "))."
        return """
            A model of echocardiography studies, trained by echoprep \(configuration.program). Its encoder, a vision \
            transformer, sees \(encoder)\(meeting). \(state)
            """
    }

    // MARK: Use

    private var use: String {
        switch format {
        case .timm: timmUse
        case .torch: torchUse
        case .onnx:
            torchUse + "\n\n" + """
                `model.onnx` is the same model, of ONNX: input `clips`, float32 [studies, views, \(shape.frames), \
                \(shape.channels), \(shape.image), \(shape.image)] as `model.input` makes them; outputs `embedding` \
                [studies, \(shape.dim)]\
                \(shape.outputs > 0 ? " and `outputs` [studies, \(shape.outputs)] as `model(clips)` gives them" : "").
                """
        }
    }

    private var torchUse: String {
        let answer =
            configuration.targets.isEmpty
            ? "" : "\nmodel.predict(batch[\"clips\"], batch[\"mask\"])  # [2, \(shape.outputs)]"
        return """
            In this folder, with `pip install torch safetensors`, for a dataset that `echoprep ingest` wrote:

            ```python
            from echoprep_torch import Clips, collate, load

            model = load(".")
            clips = Clips("dataset", model=model)
            batch = collate([clips[0], clips[1]])
            model.embed(batch["clips"], batch["mask"])  # [2, \(shape.dim)]\(answer)
            ```

            Pixels of your own are uint8 [studies, views, frames, height, height\(shape.channels == 3 ? ", 3" : "")], \
            cropped to the sector; `model.input` resizes and normalises them.
            """
    }

    private var timmUse: String {
        let pixels = configuration.normalisation
        let rest =
            shape.kind.hasLatentAttention
            ? " Latent attention, through which the views of a study meet, is no part of it." : ""
        return """
            With `pip install timm`, where `folder` is this one:

            ```python
            import timm

            model = timm.create_model("local-dir:folder", pretrained=True)  # frames to [frames, \(shape.dim)]
            ```

            or, the same from the file of weights alone,

            ```python
            import timm

            model = timm.create_model(
                "\(TimmModel.architecture)", checkpoint_path="folder/model.safetensors", num_classes=0, \
            \(TimmModel.words(shape)))
            ```

            It is the encoder alone, and gives the mean token of a frame.\(rest) It takes frames of \(shape.image) × \
            \(shape.image) pixels of \(shape.channels == 1 ? "one channel" : "three channels") in 0 … 1, less the mean \
            \(pixels.mean.map { "\($0)" }.joined(separator: ", ")), over the deviation \
            \(pixels.deviation.map { "\($0)" }.joined(separator: ", ")): not ImageNet's. `pretrained_cfg` says so too.
            """
    }

    // MARK: What it is and came from

    private var sizes: [[String]] {
        var rows = [
            ["kind", shape.kind.rawValue],
            [
                "input",
                "\(shape.views) views of \(shape.frames) frames, \(shape.image) × \(shape.image) pixels, "
                    + (shape.channels == 1 ? "one channel" : "\(shape.channels) channels"),
            ],
            ["patch", "\(shape.patch) × \(shape.patch) pixels"],
            ["encoder", "width \(shape.dim), \(shape.depth) blocks, \(shape.heads) heads"],
        ]
        if shape.kind.hasLatentAttention {
            let through = shape.latentQueries > 0 ? ", through \(shape.latentQueries) learned queries" : ""
            rows.append(
                ["latent attention", "\(shape.latentDepth) blocks, \(shape.latentHeads) heads\(through)"])
        }
        if shape.outputs > 0 {
            let outputs = (shape.headOutputs ?? [shape.outputs]).map { "\($0)" }.joined(separator: " + ")
            rows.append(["head", "\(shape.headWords); outputs: \(outputs)"])
        }
        return rows
    }

    private var data: String {
        let found = configuration.data
        let start =
            configuration.initial == nil
            ? "It began with random weights."
            : "It began with the weights of another run, which are pre-trained on further studies or the same."
        // What it learned from is asked of the evaluations: a question may be one of studies or of clips.
        let isQuestion = configuration.targets.contains { LabelField.name(ofTarget: $0) != nil }
        let learned = figures.first?.unit.plural ?? (isQuestion ? "samples" : "studies")
        return """
            Two-dimensional B-mode clips, of which the pixels outside of the sector are black and the sector is cropped. \
            It learned from \(grouped(found.train)) \(learned) (split train); \(grouped(found.validation)) others (split \
            val) chose its best epoch. \(start) What it was to learn: \(task.summary).
            """
    }

    private var recipe: [[String]] {
        get throws {
            let parts = try configuration.recipe.parts()
            return parts.keys.sorted().filter { $0 != "dataset" }.map {
                ["`--\($0)`", line("\(parts[$0]!)")]
            }
        }
    }

    // MARK: What it is worth

    private var results: String {
        guard !figures.isEmpty else {
            return configuration.targets.isEmpty
                ? "None: a pre-trained model has no answers to be judged.\n"
                : "None: the run was not evaluated before it was exported (`echoprep evaluate RUN`).\n"
        }
        return figures.map(results).joined(separator: "\n")
    }

    private func results(_ figures: EvaluationFigures) -> String {
        let interval = "\(percentage(figures.confidence)) interval"
        let measures = figures.kind.measures
        let rows = measures.map { [$0.title, intervalText(figures.scores[$0.name], decimals: $0.decimals)] }
        let of = figures.kind.measured.map { line($0.name) } ?? "mean over targets"
        var text = """
            \(figures.task.map { line($0) + ": " } ?? "")\(figures.unit.text(figures.studies)) of \(grouped(figures.subjects)) subjects of the split \
            \(figures.split); intervals by \(grouped(figures.bootstrap)) draws of a bootstrap over subjects.

            \(table(["\(of)", "value (\(interval))"], rows))
            """
        if let codes = figures.codes {
            let shown = figures.kind.printed
            let rows = codes.map { code in
                ["\(line(code.code))\(code.title.map { " " + line($0) } ?? "")", "\(code.positives)"]
                    + shown.map { intervalText(code.scores[$0.name], decimals: $0.decimals) }
            }
            text += "\n" + table(["target", "positive"] + shown.map(\.title), rows)
        }
        return text
    }

    private var limits: String {
        var lines = [
            "For research. It is no medical device, and nothing here says that a patient is well served by it.",
            "It knows B-mode clips as its data has them: other machines, other hospitals, other crops and "
                + "other mixtures of patients may change what it is worth. Doppler, M-mode and stills it never saw.",
            "Studies of the splits train and val are known to it: judge it on others, by subject.",
        ]
        if task.heads.contains(where: { $0.task == TrainTask.icd.name }) {
            lines.append(
                "Its labels are diagnoses that were billed for a hospital stay, not what a reader saw in the pictures: "
                    + "a code may be wrong, missing, or have nothing to do with the heart.")
        }
        return lines.map { "- \($0)" }.joined(separator: "\n")
    }
}

/// A table of Markdown, its last line ended.
private func table(_ header: [String], _ rows: [[String]]) -> String {
    ([header, header.map { _ in "---" }] + rows)
        .map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
}

/// A name out of a dataset as a part of a line: it begins nothing of Markdown's or HTML's.
private func line(_ text: String) -> String {
    printable(text).replacing("|", with: "\\|").replacing("<", with: "&lt;")
}
