// `review export`: all decisions as a table, for other programs and for archives.

package import EchoCore
import Files
import Foundation
import GRDB

/// The rows of which table leave.
package enum DecisionRows: String, Sendable, CaseIterable {
    /// What holds of each item and field: the adjudicator's word, else that of all.
    case consensus
    /// What each rater says in each round.
    case current
    /// Every key that was pressed, undone ones too.
    case all

    fileprivate var sql: String {
        switch self {
        case .consensus:
            "SELECT unit, item, sha256, field, value, raters FROM v_consensus ORDER BY unit, item, sha256, field"
        case .current:
            """
            SELECT rater, role, round, unit, item, sha256, field, value, note, at, revealed FROM v_current
            ORDER BY unit, item, sha256, field, rater, round
            """
        case .all:
            """
            SELECT d.id, t.name AS rater, t.role, r.round, r.blind, d.unit, d.item, d.sha256, d.field, d.value, d.note, d.at,
                d.seconds, d.revealed, d.undoes, d.redoes
            FROM decision d JOIN reading r ON r.id = d.reading_id JOIN rater t ON t.id = r.rater_id ORDER BY d.id
            """
        }
    }
}

/// Writes decisions as csv, and says how many.
package func exportDecisions(
    dataset: String, file: String? = nil, rows: DecisionRows, to path: String
) throws(EchoError) -> Int {
    let store = try ReviewStore(dataset: dataset, file: file, readOnly: true)
    var count = 0
    let text = try store.read { db in
        let cursor = try Row.fetchCursor(db, sql: rows.sql)
        var text = cursor.columnNames.joined(separator: ",") + "\n"
        while let row = try cursor.next() {
            count += 1
            text +=
                row.databaseValues.map { value in
                    switch value.storage {
                    case .null: ""
                    case .int64(let number): String(number)
                    case .double(let number): "\(number)"
                    case .string(let text): csvField(text)
                    case .blob: ""
                    }
                }.joined(separator: ",") + "\n"
        }
        return text
    }
    try writeFile(path, Array(text.utf8))
    return count
}
