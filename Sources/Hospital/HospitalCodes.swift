// The codes that a synthetic hospital uses: some of them in every second stay, most of them hardly ever.

import EchoCore
import Labels

/// Codes to draw from.
struct HospitalCodes {
    private let ten: [String]
    private let nine: [String]
    /// Spellings that stand for one thing in ICD-9 and for another in ICD-10; MIMIC-IV's dictionary has 493.
    private let both: [String]

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed, "codes")
        let leaves = ICD10CM.current.nodes.filter { $0.isLeaf && $0.level != .chapter && $0.level != .block }
            .map(\.code)
        ten =
            Self.common
            + random.sample(8_000, of: leaves.count).map { leaves[$0] }.filter {
                !Self.common.contains($0)
            }
        both = Array(leaves.filter { ($0.hasPrefix("E") || $0.hasPrefix("V")) && $0.count == 4 }.prefix(493))
        nine = (0..<5_000).map { "\(10_000 + 17 * $0)".dropLast($0 % 2).description }
    }

    /// The most common ones first, so that a question about heart failure has thousands of studies to look at.
    private static let common = [
        "I5020", "I10", "E785", "I2510", "I4891", "N179", "Z9911", "A419", "E1122", "J9601", "D649", "I340",
    ]

    /// Different codes of a version, a few of them common ones.
    func draw(_ count: Int, version: Int, _ random: inout SeededRandom) -> [(String, Int)] {
        let codes = version == 10 ? ten : nine
        var drawn = Set<Int>()
        var rows: [(String, Int)] = []
        while rows.count < count {
            // The cube of a uniform number is small more often than not.
            let place = random.uniform()
            let index = min(codes.count - 1, Int(place * place * place * Double(codes.count)))
            if drawn.insert(index).inserted { rows.append((codes[index], version)) }
        }
        return rows
    }

    /// Spellings shared by both versions.
    func shared(_ count: Int, _ random: inout SeededRandom) -> [String] {
        random.sample(count, of: both.count).map { both[$0] }
    }
}
