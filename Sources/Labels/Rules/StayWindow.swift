// Which stays a study may belong to, and which of them it does.

import EchoCore

/// A rule for when a study lies within a hospital stay, and for which stay it is where several hold it.
package struct StayWindow: Sendable, Equatable {
    /// How the two ends of a stay count.
    package enum Ends: String, Sendable, CaseIterable {
        /// admittime ≤ study ≤ end (`Admission.end`).
        case closed
        /// admittime ≤ study < end.
        case halfOpen = "half-open"
        /// admittime < study < end.
        case strict
        /// As closed, from edregtime where that is earlier than admittime.
        case ed
    }

    /// Which of several stays it is; equal ones are told apart by the smaller hadm_id.
    package enum TieBreak: String, Sendable, CaseIterable {
        /// The one with the latest admittime.
        case latest
        /// The one with the earliest admittime.
        case earliest
        /// The one with the most time from admittime to its end.
        case longest
    }

    package var ends: Ends
    /// Hours by which the window begins before the stay and ends after it.
    package var before: Double, after: Double
    package var tieBreak: TieBreak

    package init(_ ends: Ends = .closed, before: Double = 0, after: Double = 0, tieBreak: TieBreak = .latest)
    {
        self.ends = ends
        self.tieBreak = tieBreak
        self.before = before
        self.after = after
    }

    /// Whether a study at `time` lies in the window of `stay`. A stay that ends before it begins holds no study
    /// without a margin.
    func holds(_ time: Timestamp, in stay: Admission) -> Bool {
        begins(at: start(of: stay), beforeOrAt: time) && ends(at: stay.end, afterOrAt: time)
    }

    /// Whether it may, as far as a stay that was rejected can be read: an end that could not be read is open.
    func mayHold(_ time: Timestamp, in stay: RejectedStay) -> Bool {
        let start = stay.admittime.map { ends == .ed ? min($0, stay.edregtime ?? $0) : $0 }
        let end = stay.dischtime.map { max($0, stay.deathtime ?? $0) }
        return start.map { begins(at: $0, beforeOrAt: time) } ?? true
            && end.map { ends(at: $0, afterOrAt: time) } ?? true
    }

    private func begins(at start: Timestamp, beforeOrAt time: Timestamp) -> Bool {
        let sinceStart = time.seconds(since: start) + before * 3_600
        return ends == .strict ? sinceStart > 0 : sinceStart >= 0
    }

    private func ends(at end: Timestamp, afterOrAt time: Timestamp) -> Bool {
        let untilEnd = end.seconds(since: time) + after * 3_600
        return ends == .halfOpen || ends == .strict ? untilEnd > 0 : untilEnd >= 0
    }

    /// Hours between `time` and the stay without margins: the margin that would reach it. 0 at its very ends.
    func distance(from time: Timestamp, to stay: Admission) -> Double {
        max(0, start(of: stay).hours(since: time), time.hours(since: stay.end))
    }

    private func start(of stay: Admission) -> Timestamp {
        guard ends == .ed, let arrival = stay.edregtime else { return stay.admittime }
        return min(arrival, stay.admittime)
    }
}

/// A stay that a study may belong to.
struct Candidate: Equatable {
    let hadm: Int
    let hoursSinceAdmission: Double
    let hoursToDischarge: Double
    let chosen: Bool
}

extension StayWindow {
    /// The stays of one subject that may hold a study at `time`, by hadm_id. Exactly one is chosen.
    func candidates(at time: Timestamp, among stays: [Admission]) -> [Candidate] {
        let holding = stays.filter { holds(time, in: $0) }.sorted { $0.hadm < $1.hadm }
        let chosen = holding.min { (preference($0), $0.hadm) < (preference($1), $1.hadm) }?.hadm
        return holding.map {
            Candidate(
                hadm: $0.hadm, hoursSinceAdmission: time.hours(since: $0.admittime),
                hoursToDischarge: $0.dischtime.hours(since: time), chosen: $0.hadm == chosen)
        }
    }

    /// Less is better.
    private func preference(_ stay: Admission) -> Int {
        switch tieBreak {
        case .latest: -stay.admittime.microseconds
        case .earliest: stay.admittime.microseconds
        case .longest: stay.admittime.microseconds - stay.end.microseconds
        }
    }
}
