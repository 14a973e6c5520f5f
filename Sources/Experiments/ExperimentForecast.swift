// What an experiment would do and take, without doing any of it.

import EchoCore
import Foundation
import Models
import Runs
import Tasks
package import Training

/// A run of an experiment, how far it is, and what is left of it.
package struct ExperimentStep: Codable, Sendable {
    package let run: String
    package let state: String
    /// Nil for a run that is done, and where nothing was measured.
    package fileprivate(set) var forecast: TrainForecast?
}

/// The runs of an experiment in their order, without doing any.
package func planExperiment(_ experiment: Experiment, _ options: ExperimentOptions) throws -> [ExperimentStep]
{
    try options.check(experiment)
    return ExperimentRunner(experiment, options) { _ in }.plans.flatMap(\.runs)
        .map { ExperimentStep(run: $0.options.run, state: $0.state.text) }
}

/// The runs of an experiment in their order, and what those that are not done would take.
package struct ExperimentForecast: Codable, Sendable {
    package let runs: [ExperimentStep]
    /// Of one process after the other.
    package let seconds: Double
    package let bytes: Int

    /// Checks what each run would check before its first step, and measures a step of each kind of run.
    ///
    /// - Parameter say: receives warnings, each once
    /// - Throws: what the experiment would throw before the first step of any run
    package init(
        _ experiment: Experiment, _ options: ExperimentOptions, say: @escaping (String) -> Void
    ) throws {
        var steps = try planExperiment(experiment, options)
        // The labels that it deals out anew are not there yet.
        let plans =
            experiment.presentation == .leakTest
            ? [] : ExperimentRunner(experiment, options) { _ in }.plans.flatMap(\.runs)
        var measured: [String: TrainForecast] = [:], said: Set<String> = []
        for (index, run) in plans.enumerated() {
            if case .done = run.state { continue }
            try Interruption.check()
            let recipe = run.options.recipe
            // Of a run that begins the seed alone tells it from others of its kind.
            let kind: String? =
                run.state == .missing
                ? [recipe.dataset, recipe.task.name, run.arm.map { "\($0)" } ?? recipe.model.rawValue]
                    .joined(separator: " ") : nil
            if let kind, let known = measured[kind] {
                steps[index].forecast = known
                continue
            }
            var one = run.options
            // What it starts from may not be there yet, and has the same size.
            if let initial = one.recipe.initial, RunProgress(run: initial) == .missing {
                one.recipe.initial = nil
            }
            let found = try forecast(one) { if said.insert($0).inserted { say($0) } }
            steps[index].forecast = found
            if let kind { measured[kind] = found }
        }
        runs = steps
        seconds = steps.reduce(0) { $0 + ($1.forecast?.seconds ?? 0) }
        bytes = steps.reduce(0) { $0 + ($1.forecast?.bytes ?? 0) }
    }

    package var text: String {
        let lines = runs.map { step in
            guard let found = step.forecast else { return "\(step.run): \(step.state)" }
            return
                "\(step.run): \(step.state); \(grouped(found.epochs)) epochs of \(grouped(found.trainStudies)) studies, "
                + "\(grouped(found.parameters)) parameters, \(length(found.seconds)), \(size(found.bytes))"
        }
        guard seconds > 0 else { return lines.joined(separator: "\n") }
        let total =
            "in all \(length(seconds)), one run after the other, by a measured step of each kind; \(size(bytes)) on the disk"
        return (lines + [total]).joined(separator: "\n")
    }

    private func length(_ seconds: Double) -> String {
        let hours = seconds / 3600
        if hours >= 48 { return String(format: "%.0f days", hours / 24) }
        return hours >= 1 ? String(format: "%.1f hours", hours) : duration(seconds)
    }

    private func size(_ bytes: Int) -> String { String(format: "%.1f MB", Double(bytes) / 1e6) }
}
