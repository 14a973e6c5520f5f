// `review agreement`: what the decisions say of how far raters agree, field by field.

package import EchoCore
import Foundation
import GRDB
import Scoring

/// How far raters agree on each field with choices.
package struct AgreementSummary: Sendable, Encodable {
    /// Two raters in one round, or one rater in two rounds.
    package struct Pair: Sendable, Encodable {
        package let raters: [String]
        package let rounds: [Int]
        /// Items that both decided.
        package let items: Int
        /// Share of them on which they said the same.
        package let agreement: Double
        /// Cohen's; nil where both said one thing of all.
        package let kappa: Double?
        /// Of resamplings by subject, 2.5 % and 97.5 %.
        package let low: Double?, high: Double?
        /// Of an ordinal field: kappa with squared weights.
        package let weighted: Double?
    }

    package struct Field: Sendable, Encodable {
        package let field: String
        package let pairs: [Pair]
        /// Krippendorff's of all raters, of a nominal or an ordinal scale; each rater with their last round.
        package let alpha: Double?
        package let low: Double?, high: Double?
        /// Items that more than one rater decided, and those of them on which raters differ.
        package let items: Int, disagreements: Int
        /// Those that no adjudicator has decided.
        package let open: Int
    }

    package let fields: [Field]
    /// Open disagreements of all fields.
    package let open: Int
    /// Resamplings behind the intervals.
    package let samples: Int

    /// - Parameters:
    ///   - subjects: whose clip each is, by its name or study; an item without is a subject of its own
    ///   - samples: resamplings of subjects
    package init(
        _ store: ReviewStore, subjects: [String: String], samples: Int = 1000, seed: UInt64 = 1
    ) throws(EchoError) {
        let rows = try store.read { db in try RatedItem.all(db) }
        let orders = try store.read { db in try ChoiceOrder.all(db) }
        self.samples = samples
        fields = orders.compactMap { order in
            AgreementSummary.field(
                order, rows.filter { $0.field == order.field && order.values[$0.value] != nil }, subjects,
                samples: samples, seed: seed)
        }
        open = fields.reduce(0) { $0 + $1.open }
    }

    /// A field with choices, and the place of each.
    private struct ChoiceOrder {
        let field: String
        let isOrdinal: Bool
        var values: [String: Int] = [:]

        static func all(_ db: Database) throws -> [ChoiceOrder] {
            var found: [ChoiceOrder] = []
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT f.name, f.kind, c.value FROM field f JOIN choice c ON c.form_id = f.form_id AND c.field = f.name
                    WHERE f.kind IN ('one', 'ordinal') ORDER BY f.form_id, f.place, c.idx
                    """)
            for row in rows {
                let name: String = row[0], value: String = row[2]
                let at = found.firstIndex { $0.field == name } ?? found.count
                if at == found.count {
                    found.append(ChoiceOrder(field: name, isOrdinal: row[1] == "ordinal"))
                }
                if found[at].values[value] == nil { found[at].values[value] = found[at].values.count }
            }
            return found
        }
    }

    private struct RatedItem {
        /// `item` with the sum of its bytes: a file that changed is another one.
        let field: String, item: String, rater: String, value: String
        let round: Int
        let isAdjudicator: Bool
        let name: String

        static func all(_ db: Database) throws -> [RatedItem] {
            try Row.fetchAll(
                db,
                sql: """
                    SELECT field, item || ' ' || coalesce(sha256, ''), rater, value, round, role = 'adjudicator', item
                    FROM v_current ORDER BY item, sha256, rater, round
                    """
            ).map {
                RatedItem(
                    field: $0[0], item: $0[1], rater: $0[2], value: $0[3], round: $0[4], isAdjudicator: $0[5],
                    name: $0[6])
            }
        }
    }

    private struct Reader: Hashable, Comparable {
        let rater: String
        let round: Int
        static func < (a: Reader, b: Reader) -> Bool { (a.rater, a.round) < (b.rater, b.round) }
    }

    private static func field(
        _ order: ChoiceOrder, _ rows: [RatedItem], _ subjects: [String: String], samples: Int, seed: UInt64
    ) -> Field? {
        guard !rows.isEmpty else { return nil }
        var numbers: [String: Int] = [:]
        func subject(_ row: RatedItem) -> Int {
            let name = subjects[row.name] ?? row.item
            if let number = numbers[name] { return number }
            numbers[name] = numbers.count
            return numbers.count - 1
        }
        let raters = rows.filter { !$0.isAdjudicator }
        let byItem = Dictionary(grouping: raters, by: \.item)
        var readers: [Reader: [String: (value: Int, subject: Int)]] = [:]
        for row in raters {
            guard let value = order.values[row.value] else { continue }
            readers[Reader(rater: row.rater, round: row.round), default: [:]][row.item] = (
                value, subject(row)
            )
        }
        var last: [(said: [Int], subject: Int)] = [], differing: Set<String> = []
        for (item, rows) in byItem.sorted(by: { $0.key < $1.key }) {
            let newest = Dictionary(grouping: rows, by: \.rater).values.compactMap {
                $0.max { $0.round < $1.round }
            }
            let said = newest.sorted { $0.rater < $1.rater }.compactMap { order.values[$0.value] }
            guard said.count > 1 else { continue }
            last.append((said, subject(rows[0])))
            if Set(said).count > 1 { differing.insert(item) }
        }
        let draws = Resampling(subjects: numbers.count, samples: samples, seed: seed)
        let names = readers.keys.sorted()
        var pairs: [Pair] = []
        for (index, a) in names.enumerated() {
            for b in names[(index + 1)...] where a.rater == b.rater || a.round == b.round {
                guard let first = readers[a], let second = readers[b] else { continue }
                let both = first.keys.filter { second[$0] != nil }.sorted()
                guard !both.isEmpty else { continue }
                let rated = RatingPairs(
                    pairs: both.map { (first[$0]!.value, second[$0]!.value, first[$0]!.subject) },
                    values: order.values.count)
                let interval = draws.interval { rated.kappa(squared: false, times: $0) }
                pairs.append(
                    Pair(
                        raters: [a.rater, b.rater], rounds: [a.round, b.round], items: both.count,
                        agreement: Double(rated.pairs.count { $0.a == $0.b }) / Double(both.count),
                        kappa: rated.kappa(squared: false), low: interval?.low, high: interval?.high,
                        weighted: order.isOrdinal ? rated.kappa(squared: true) : nil))
            }
        }
        func alpha(_ times: [Int]?) -> Double? {
            krippendorffAlpha(
                last, values: order.values.count, isOrdinal: order.isOrdinal, times: times)
        }
        let interval = draws.interval(alpha)
        let settled = Set(rows.filter(\.isAdjudicator).map(\.item))
        return Field(
            field: order.field, pairs: pairs, alpha: alpha(nil), low: interval?.low, high: interval?.high,
            items: last.count, disagreements: differing.count, open: differing.subtracting(settled).count)
    }

    /// The lines that are printed.
    package var text: String {
        guard !fields.isEmpty else { return "nobody has decided on a field with choices" }
        func number(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "–" }
        func range(_ low: Double?, _ high: Double?) -> String {
            guard let low, let high else { return "" }
            return " [\(number(low)), \(number(high))]"
        }
        var lines: [String] = []
        for field in fields {
            lines.append(
                "\(field.field): \(grouped(field.items)) items by two and more, alpha \(number(field.alpha))"
                    + range(field.low, field.high)
                    + ", \(grouped(field.disagreements)) disagreements, \(grouped(field.open)) open")
            for pair in field.pairs {
                let who =
                    pair.raters[0] == pair.raters[1]
                    ? "\(pair.raters[0]), rounds \(pair.rounds[0]) and \(pair.rounds[1])"
                    : "\(pair.raters[0]) and \(pair.raters[1]), round \(pair.rounds[0])"
                lines.append(
                    "  \(who): \(grouped(pair.items)) items, \(String(format: "%.1f", 100 * pair.agreement)) % alike, "
                        + "kappa \(number(pair.kappa))\(range(pair.low, pair.high))"
                        + (pair.weighted.map { ", weighted \(number($0))" } ?? ""))
            }
        }
        return lines.map(printable).joined(separator: "\n")
    }
}

/// How often each subject is drawn, resampling by resampling.
private struct Resampling {
    private let times: [[Int]]

    init(subjects: Int, samples: Int, seed: UInt64) {
        guard subjects > 0 else {
            times = []
            return
        }
        var random = SeededRandom(seed: seed, "agreement")
        times = (0..<samples).map { _ in
            var times = [Int](repeating: 0, count: subjects)
            for _ in 0..<subjects { times[random.below(subjects)] += 1 }
            return times
        }
    }

    /// From 2.5 % to 97.5 % of a figure, of the resamplings that have it; nil where too few have.
    func interval(_ figure: ([Int]) -> Double?) -> (low: Double, high: Double)? {
        let values = times.compactMap(figure).sorted()
        guard values.count >= 20 else { return nil }
        guard let low = Metrics.quantile(0.025, ofSorted: values),
            let high = Metrics.quantile(0.975, ofSorted: values)
        else { return nil }
        return (low, high)
    }
}
