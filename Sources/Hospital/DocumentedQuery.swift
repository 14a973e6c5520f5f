// The queries of docs/queries.md, for the test that runs each and for the race that times them.

import Files

/// A query with the sentence that stands before it.
package struct DocumentedQuery: Sendable {
    package let question: String
    package let sql: String

    /// The queries of a page, in its order.
    package static func all(of page: String) throws -> [DocumentedQuery] {
        let text = String(decoding: try readFile(page), as: UTF8.self)
        let parts = text.split(separator: "```sql\n", omittingEmptySubsequences: false)
        return zip(parts, parts.dropFirst()).map { before, after in
            DocumentedQuery(
                question: before.split(separator: "\n").last.map(String.init) ?? "",
                sql: String(after.split(separator: "```", maxSplits: 1)[0]))
        }
    }
}
