// The subjects of the cohort, asked for once in every row of MIMIC's tables: millions of times.

/// A set of numbers that lie near enough to each other for a bit each; or an ordinary set.
struct SubjectSet: Sendable {
    private let members: Set<Int>
    /// A bit for every number from `first` on; empty where that would be too many.
    private let bits: [UInt64]
    private let first: Int

    init(_ subjects: some Sequence<Int>) {
        members = Set(subjects)
        first = members.min() ?? 0
        let span = (members.max() ?? 0).subtractingReportingOverflow(first)
        var bits: [UInt64] = []
        if !span.overflow, span.partialValue < 1 << 26 {
            bits = [UInt64](repeating: 0, count: span.partialValue / 64 + 1)
            for member in members { bits[(member - first) / 64] |= 1 << UInt64((member - first) % 64) }
        }
        self.bits = bits
    }

    var count: Int { members.count }

    func contains(_ subject: Int) -> Bool {
        if bits.isEmpty { return members.contains(subject) }
        let place = subject &- first
        guard place >= 0, place < bits.count * 64 else { return false }
        return bits[place / 64] >> UInt64(place % 64) & 1 == 1
    }
}
