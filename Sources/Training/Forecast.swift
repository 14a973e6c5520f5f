// What a run would take, found out by a step before any is taken.

import Compute
import EchoCore
import Foundation
import Models
import Runs
import StudyData

/// What a run would take on this machine.
package struct TrainForecast: Codable, Sendable {
    package let parameters: Int
    package let trainStudies: Int, validationStudies: Int
    /// Epochs that are still to be done.
    package let epochs: Int
    /// Seconds of a training step for each of its studies, measured on one that has as many views as the model takes.
    package let secondsPerStudy: Double
    /// Of these epochs, a study of validation counted as a third of one of training.
    package let seconds: Double
    /// On the disk at the end: the weights of the best epoch and of the last, and the optimiser's two moments.
    package let bytes: Int
}

/// Checks all that `train` checks before its first step, takes a step on empty pictures, writes nothing, and says what the
/// whole run would take.
///
/// - Parameter say: receives warnings
/// - Throws: what `train` throws before its first step
package func forecast(_ options: TrainOptions, say: @escaping (String) -> Void) throws -> TrainForecast {
    let beginning = try Beginning(options, say: say)
    let learner = beginning.learner, configuration = beginning.configuration
    let studies = min(options.partSize, 2)
    func step(_ studies: Int) -> Double {
        let start = ContinuousClock.now
        learner.dryStep(configuration, studies: studies, views: configuration.model.views)
        // A device has done it once it gives back what it made.
        _ = learner.model.read(learner.model.parameters[0].name)
        return start.duration(to: .now) / .seconds(1)
    }
    // The first step makes what later ones find.
    _ = step(1)
    let each = step(studies) / Double(studies)
    let left =
        switch RunProgress(run: options.run) {
        case .missing: configuration.recipe.epochCount
        case .begun(let done, let all): all - done
        case .done: 0
        }
    let (train, validation) = (beginning.set.train.count, beginning.set.validation.count)
    let parameters = learner.model.parameterCount
    return TrainForecast(
        parameters: parameters, trainStudies: train, validationStudies: validation, epochs: left,
        secondsPerStudy: each,
        seconds: Double(left) * each * (Double(train) + Double(validation) / 3), bytes: 16 * parameters)
}
