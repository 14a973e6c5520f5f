// A step that the engine was asked for: its loss is on its way while the next step is asked for.

import Compute
import EchoCore
import Runs

/// What is known of a step before its loss is.
struct StepInFlight {
    /// From 1, and its epoch, from 1.
    let step: Int, epoch: Int
    let learningRate: Double
    let studies: Int
    let time: LoopClock.StepTime
    /// Numbers for sums that are finite if the step was one: the next is none unless they are.
    let sound: [Buffer]
    /// Their values, the norm of the gradient and the loss.
    private let arrive: () -> [Double]

    init(
        step: Int, epoch: Int, learningRate: Double, studies: Int, time: LoopClock.StepTime, norm: Buffer,
        loss: Buffer, on engine: any Engine
    ) {
        self.step = step
        self.epoch = epoch
        self.learningRate = learningRate
        self.studies = studies
        self.time = time
        sound = [norm, loss]
        arrive = engine.sending(sound)
    }

    /// The step's line in the history; asking waits for the step.
    func line() -> MetricsLine {
        let numbers = arrive()
        var line = MetricsLine(
            epoch: epoch, step: step, split: .train, loss: numbers[1], seconds: time.seconds)
        line.lr = learningRate
        line.gradNorm = numbers[0]
        line.add(time, studies: studies)
        return line
    }
}
