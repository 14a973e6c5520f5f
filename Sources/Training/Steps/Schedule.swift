// The learning rate at every step: linear warm-up, then half a cosine down to nothing.

import Foundation

/// A learning-rate schedule by step, a function of the step alone so that a resume needs no state.
package struct Schedule: Sendable, Equatable {
    package let peak: Double
    package let warmup: Int, total: Int

    /// - Parameters:
    ///   - peak: the rate after warm-up
    ///   - warmup: steps of warm-up, from half the peak (Table 4)
    ///   - total: all steps, warm-up included
    package init(peak: Double, warmup: Int, total: Int) {
        self.peak = peak
        self.warmup = min(warmup, total)
        self.total = total
    }

    /// The rate of the step that follows `done` finished ones; equal to PyTorch's LinearLR(start_factor=0.5) and
    /// CosineAnnealingLR in sequence.
    package func rate(after done: Int) -> Double {
        if done < warmup { return peak * (0.5 + 0.5 * Double(done) / Double(warmup)) }
        let part = Double(done - warmup) / Double(max(1, total - warmup))
        return peak * 0.5 * (1 + cos(.pi * min(1, part)))
    }
}
