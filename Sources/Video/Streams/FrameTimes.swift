// When the frames of a clip were taken: one rate where all steps are equal, else a time for each frame.

/// The times of a clip's frames, as its file tells them.
struct FrameTimes: Sendable, Equatable {
    /// The mean where steps differ; nil where nothing says.
    let framesPerSecond: Double?
    /// Milliseconds from the first frame, to the microsecond; nil where all steps are equal or nothing says.
    let uneven: [Double]?

    /// Frames at equal steps, or at steps that nothing tells.
    init(framesPerSecond: Double?) {
        self.framesPerSecond = framesPerSecond
        uneven = nil
    }

    /// Frames at the times of a container.
    ///
    /// - Parameters:
    ///   - ticks: of every frame, in any order; times that two frames share are not believed.
    ///   - tick: in seconds. Times that are the nearest ticks to equal steps are equal steps.
    ///   - rate: what the container says of equal steps.
    init(ticks: [Int64], of tick: Double, rate: Double?) {
        let offsets = ticks.sorted().map { Double($0) - Double(ticks.min()!) }
        guard offsets.count > 2, tick > 0, zip(offsets, offsets.dropFirst()).allSatisfy(<) else {
            self.init(framesPerSecond: rate)
            return
        }
        let step = offsets[offsets.count - 1] / Double(offsets.count - 1)
        // Where ticks are as long as frames, one of them is a frame that was left out.
        let tolerance = step >= 4 ? 1.0 : 0
        guard offsets.enumerated().contains(where: { abs($1 - Double($0) * step) > tolerance }) else {
            self.init(framesPerSecond: rate ?? 1 / (step * tick))
            return
        }
        self.init(uneven: offsets.map { 1000 * tick * $0 }, framesPerSecond: 1 / (step * tick))
    }

    /// Frames at the times, in milliseconds from the first, that steps lead to; nil if all steps are equal.
    init?(milliseconds steps: ArraySlice<Double>) {
        guard let first = steps.first, steps.contains(where: { $0 != first }) else { return nil }
        var times = [0.0]
        for step in steps { times.append(times[times.count - 1] + step) }
        guard let last = times.last, last > 0, times.allSatisfy(\.isFinite) else { return nil }
        self.init(uneven: times, framesPerSecond: 1000 * Double(steps.count) / last)
    }

    private init(uneven times: [Double], framesPerSecond: Double) {
        self.framesPerSecond = framesPerSecond
        uneven = times.map { (1000 * $0).rounded() / 1000 }
    }
}
