// When the frames of a DICOM clip were taken: by the element that FrameIncrementPointer names, else by what is there.

import DICOM

extension DICOMDataset {
    /// The times of `count` frames; nil where no element says (docs/formats.md, "Times").
    ///
    /// FrameIncrementPointer (PS3.3 C.7.6.6) decides between FrameTime and FrameTimeVector; where it names neither, steps
    /// that differ go before one rate. After these come what other modules say of the pace.
    func frameTimes(_ count: Int) -> FrameTimes? {
        let pointers = pointers
        var sources = [vectorTimes(count), number(.frameTime).flatMap { .equal(1000 / $0) }]
        if pointers.contains(.frameTime), !pointers.contains(.frameTimeVector) { sources.reverse() }
        sources += [
            vectorRate,
            number(.recommendedDisplayFrameRate).flatMap { .equal($0) },
            number(.cineRate).flatMap { .equal($0) },
            number(.actualFrameDuration).flatMap { .equal(1000 / $0) },
            number(.effectiveDuration).flatMap { .equal(Double(count) / $0) },
        ]
        return sources.lazy.compactMap(\.self).first
    }

    /// Whether FrameTimeVector has values, is not set aside by FrameIncrementPointer, and cannot be what it should be:
    /// times of `count` frames that increase.
    func hasUnusableVector(_ count: Int) -> Bool {
        count > 1 && !texts(.frameTimeVector).isEmpty && !pointers.contains(.frameTime)
            && vectorTimes(count) == nil
    }

    /// The times that FrameTimeVector (ms) gives: the step before each frame. The first is before the first frame, or is
    /// left out. Steps that are not positive are no times.
    private func vectorTimes(_ count: Int) -> FrameTimes? {
        let steps = numbers(.frameTimeVector)
        guard count > 1, steps.count >= count - 1 else { return nil }
        let between = steps.count == count - 1 ? steps[...] : steps[1..<count]
        guard between.allSatisfy({ $0 > 0 }) else { return nil }
        if count > 2, let times = FrameTimes(milliseconds: between) { return times }
        return .equal(1000 * Double(between.count) / between.reduce(0, +))
    }

    /// The mean of a vector's steps where it does not tell every frame's.
    private var vectorRate: FrameTimes? {
        let steps = numbers(.frameTimeVector).dropFirst()
        guard !steps.isEmpty, steps.allSatisfy({ $0 > 0 }) else { return nil }
        return .equal(1000 * Double(steps.count) / steps.reduce(0, +))
    }

    /// The elements that FrameIncrementPointer names.
    private var pointers: [DICOMTag] {
        let words = integers(.frameIncrementPointer).map { UInt16(truncatingIfNeeded: $0) }
        return stride(from: 0, to: words.count - 1, by: 2).map { DICOMTag(words[$0], words[$0 + 1]) }
    }
}

extension FrameTimes {
    /// Frames at equal steps; nil for a rate that no machine has.
    fileprivate static func equal(_ framesPerSecond: Double) -> FrameTimes? {
        (0.01...10_000).contains(framesPerSecond) ? FrameTimes(framesPerSecond: framesPerSecond) : nil
    }
}
