// Where the wall clock of the training loop goes: waiting for data, multiplying matrices, and the rest.

package import Compute
import Runs

/// The clock of a training loop, from step to step.
package struct LoopClock {
    /// What a step took.
    package struct StepTime: Sendable {
        package let seconds: Double
        /// Share of the step spent waiting for data.
        package let stall: Double
        /// Billions of floating-point operations a second in matrix products, and the threads' share of time in them;
        /// nil where the engine does not count.
        package let gflops: Double?, products: Double?
        /// Share of the step spent waiting for the sum over ranks; nil for one alone.
        package let sum: Double?
    }

    private let engine: any Engine
    private let start = ContinuousClock.now
    private var stepStart = ContinuousClock.now, waitStart = ContinuousClock.now
    private var stepWait = 0.0, stepSum: Double?
    private var counted: Work?
    private var learning = 0.0, waited = 0.0, operations = 0.0, multiplying = 0.0
    /// Studies learned from so far.
    package private(set) var studies = 0

    /// - Parameter engine: what computes the steps
    package init(of engine: any Engine) { self.engine = engine }

    private func since(_ instant: ContinuousClock.Instant) -> Double {
        instant.duration(to: .now) / .seconds(1)
    }

    /// Seconds since the clock was made.
    package var seconds: Double { since(start) }
    package var studiesPerSecond: Double { Double(studies) / max(learning, 1e-9) }
    /// Share of all steps spent waiting for data.
    package var stall: Double { learning > 0 ? waited / learning : 0 }
    /// As in `StepTime`, over all steps.
    package var gflops: Double? { operations > 0 ? operations / learning / 1e9 : nil }
    package var products: Double? { operations > 0 ? multiplying / learning : nil }

    /// The first step begins, with its wait.
    package mutating func restart() { beginWait(ofNextStep: true) }

    package mutating func beginWait(ofNextStep: Bool) {
        waitStart = .now
        guard ofNextStep else { return }
        stepStart = waitStart
        counted = engine.work
    }

    package mutating func endWait() { stepWait += since(waitStart) }

    /// Times what waits for the sum over ranks.
    package mutating func sum(_ body: () throws -> Void) rethrows {
        let start = ContinuousClock.now
        try body()
        stepSum = since(start)
    }

    /// A step is over, which learned from so many studies.
    package mutating func endStep(studies count: Int) -> StepTime {
        let seconds = max(since(stepStart), 1e-9)
        let now = engine.work
        let done = (now?.operations ?? 0) - (counted?.operations ?? 0)
        let busy = (now?.seconds ?? 0) - (counted?.seconds ?? 0)
        defer { (stepWait, stepSum) = (0, nil) }
        learning += seconds
        waited += stepWait
        operations += done
        multiplying += busy
        studies += count
        return StepTime(
            seconds: seconds, stall: stepWait / seconds, gflops: done > 0 ? done / seconds / 1e9 : nil,
            products: done > 0 ? busy / seconds : nil, sum: stepSum.map { $0 / seconds })
    }
}

extension MetricsLine {
    /// Adds what the step took.
    package mutating func add(_ time: LoopClock.StepTime, studies: Int) {
        studiesPerSecond = Double(studies) / time.seconds
        stall = time.stall
        gflops = time.gflops
        products = time.products
        sum = time.sum
    }
}
