// Labels of one of several classes, as the view of a clip: in the table `label` a target FIELD=VALUE for each.

package import EchoCore
import GRDB

/// A question with several answers, of which one holds: its targets are `view=A4C`, `view=PLAX` and so on.
package struct LabelField: Sendable, Equatable {
    /// As "view".
    package let name: String
    package let unit: LabelSource.Unit
    /// A target for each answer, by name.
    package let targets: [String]
    /// Where answers come from; what an earlier one says of a clip counts.
    package let sources: [String]

    package init(name: String, unit: LabelSource.Unit, targets: [String], sources: [String]) {
        self.name = name
        self.unit = unit
        self.targets = targets
        self.sources = sources
    }

    /// The target of one of its answers.
    package static func target(_ field: String, _ value: String) -> String { "\(field)=\(value)" }

    /// What a target is an answer to; nil for one that is not an answer of several.
    package static func name(ofTarget target: String) -> String? {
        target.firstIndex(of: "=").flatMap { $0 == target.startIndex ? nil : String(target[..<$0]) }
    }

    /// The answer that a target stands for; itself where it is none of several.
    package static func value(ofTarget target: String) -> String {
        name(ofTarget: target).map { String(target.dropFirst($0.count + 1)) } ?? target
    }

    /// The field that all of these are answers to; nil where there is none, or but one answer.
    package static func name(ofAll targets: [String]) -> String? {
        guard targets.count > 1, let name = targets.first.flatMap(Self.name(ofTarget:)) else { return nil }
        return targets.allSatisfy { Self.name(ofTarget: $0) == name } ? name : nil
    }
}

extension LabelSource {
    /// What people decided on the review page.
    package static let review = "review"
}

extension Catalog {
    /// The field of that name, of clips where anybody says something of clips, else of studies; nil where nobody does.
    ///
    /// What people decided in the review comes first, then the source that was written last.
    package func field(_ name: String) throws(EchoError) -> LabelField? {
        try read { db in
            let sources = try String.fetchAll(
                db,
                sql: """
                    SELECT name FROM label_source ORDER BY name <> ?, coalesce(run_id, 0) DESC, name
                    """, arguments: [LabelSource.review])
            for unit in [LabelSource.Unit.clip, .study] {
                let found = try sources.map {
                    ($0, try Catalog.targets(db, of: $0, unit: unit, field: name))
                }
                .filter { !$0.1.isEmpty }
                guard !found.isEmpty else { continue }
                return LabelField(
                    name: name, unit: unit, targets: Set(found.flatMap(\.1)).sorted(), sources: found.map(\.0)
                )
            }
            return nil
        }
    }

    /// The target that holds of each clip or study, by its key: of which a source says anything above 0, the most; of equals
    /// the first by name. One of which nobody says that any holds is left out.
    package func choices(of field: LabelField) throws(EchoError) -> [String: String] {
        try read { db in
            var choices: [String: String] = [:]
            for source in field.sources {
                var found: [String: (target: String, value: Double)] = [:]
                for target in field.targets {
                    let rows = try Row.fetchCursor(
                        db,
                        sql:
                            "SELECT key, value FROM label WHERE source = ? AND unit = ? AND target = ? AND value > 0",
                        arguments: [source, field.unit.rawValue, target])
                    while let row = try rows.next() {
                        let key: String = row[0], value: Double = row[1]
                        if value > found[key]?.value ?? 0 { found[key] = (target, value) }
                    }
                }
                choices.merge(found.mapValues(\.target)) { earlier, _ in earlier }
            }
            return choices
        }
    }

    /// Of which units a source has labels, study before clip.
    package func units(of source: String) throws(EchoError) -> [LabelSource.Unit] {
        try read { db in
            try [LabelSource.Unit.study, .clip, .subject].filter { unit in
                try Bool.fetchOne(
                    db, sql: "SELECT EXISTS (SELECT 1 FROM label WHERE source = ? AND unit = ?)",
                    arguments: [source, unit.rawValue]) ?? false
            }
        }
    }

    /// The targets of a source, by their names; of one field alone where it is named.
    ///
    /// From one target to the next by the key: there may be millions of labels.
    static func targets(
        _ db: Database, of source: String, unit: LabelSource.Unit, field: String? = nil
    ) throws -> [String] {
        // ">" follows "=", and nothing follows the last of all characters.
        let (first, end) = field.map { ("\($0)=", "\($0)>") } ?? ("", "\u{10FFFF}")
        return try String.fetchAll(
            db,
            sql: """
                WITH RECURSIVE found (target) AS (
                    SELECT min(target) FROM label WHERE source = ?1 AND unit = ?2 AND target >= ?3 AND target < ?4
                    UNION ALL
                    SELECT (
                        SELECT min(l.target) FROM label l
                        WHERE l.source = ?1 AND l.unit = ?2 AND l.target > found.target AND l.target < ?4)
                    FROM found WHERE target IS NOT NULL
                )
                SELECT target FROM found WHERE target IS NOT NULL
                """, arguments: [source, unit.rawValue, first, end])
    }

    /// The values of some targets of a source, by key: a number a target, NaN where it is not known.
    package func values(
        of targets: [String], from source: String, unit: LabelSource.Unit
    ) throws(EchoError) -> [String: [Float]] {
        try read { db in
            var values: [String: [Float]] = [:]
            let unknown = [Float](repeating: .nan, count: targets.count)
            for (place, target) in targets.enumerated() {
                let rows = try Row.fetchCursor(
                    db,
                    sql: """
                        SELECT key, value FROM label
                        WHERE source = ? AND unit = ? AND target = ? AND value IS NOT NULL
                        """, arguments: [source, unit.rawValue, target])
                while let row = try rows.next() {
                    values[row[0], default: unknown][place] = Float(row[1] as Double)
                }
            }
            return values
        }
    }
}
