// `--decisions`: what people decided on the review page, laid over a dataset's clips and labels for whoever reads them.

package import EchoCore
import Files
import Foundation
import GRDB

/// The decisions that count for a command, out of DATASET/review.sqlite.
///
/// Excluded clips are not there for who reads `clip`, and the answers to each question are rows of `label`: of the source
/// `review`, the target `FIELD=CHOICE` with 1 for the choice that holds and 0 for the others, and of a number `FIELD`.
package struct Decisions: Sendable, Equatable, Codable {
    /// `consensus`, or the name of a rater.
    package let choice: String
    /// Clips of the dataset that are excluded.
    package let exclusions: Int
    /// Other answers that hold of clips and studies of the dataset.
    package let answers: Int
    /// sha256 over all that was decided: another decision makes another run.
    package let digest: String

    package static let fileName = "review.sqlite"
    package static let consensus = "consensus", none = "none"

    /// "decisions of consensus: 12 clips excluded, 240 answers (digest 1a2b3c4d5e6f)".
    package var text: String {
        "decisions of \(printable(choice)): \(grouped(exclusions)) clips excluded, \(grouped(answers)) answers "
            + "(digest \(digest.prefix(12)))"
    }

    /// Lays decisions over the tables of a connection.
    ///
    /// - Throws: `EchoError` where nobody has decided, or there is no such rater
    init(_ choice: String, folder: String, _ db: Database) throws {
        guard try Decisions.attach(folder, db) else { throw Decisions.missing }
        defer { try? db.execute(sql: "DETACH review") }
        let (said, arguments) = try Decisions.said(choice, db)
        try db.execute(
            sql: "CREATE TEMP TABLE decided (unit TEXT, key TEXT, field TEXT, value TEXT)")
        try db.execute(
            sql: """
                INSERT INTO temp.decided
                SELECT unit, name, field, value FROM (\(Decisions.ofClips(said)))
                UNION ALL SELECT unit, item, field, value FROM (\(said)) WHERE unit = 'study'
                """, arguments: arguments)
        try db.execute(
            sql: """
                CREATE TEMP TABLE excluded_clip (name TEXT PRIMARY KEY);
                INSERT OR IGNORE INTO temp.excluded_clip SELECT key FROM temp.decided WHERE \(Decisions.isExclusion);
                CREATE TEMP VIEW clip AS SELECT * FROM main.clip
                WHERE name NOT IN (SELECT name FROM temp.excluded_clip);
                CREATE TEMP TABLE decided_label (source TEXT, unit TEXT, target TEXT, key TEXT, value REAL,
                    PRIMARY KEY (source, unit, target, key)) WITHOUT ROWID;
                INSERT OR REPLACE INTO temp.decided_label
                SELECT '\(LabelSource.review)', d.unit, d.field || '=' || c.value, d.key, d.value = c.value
                FROM temp.decided d
                JOIN (SELECT DISTINCT c.field, c.value FROM review.choice c JOIN review.field f
                    ON f.form_id = c.form_id AND f.name = c.field WHERE f.kind IN ('one', 'ordinal')) c ON c.field = d.field
                UNION ALL
                SELECT '\(LabelSource.review)', d.unit, d.field, d.key, CAST(d.value AS REAL) FROM temp.decided d
                WHERE d.field IN (SELECT name FROM review.field WHERE kind = 'number');
                CREATE TEMP VIEW label_source AS
                SELECT name, run_id FROM main.label_source WHERE name <> '\(LabelSource.review)'
                UNION ALL SELECT '\(LabelSource.review)', NULL;
                CREATE TEMP VIEW label AS
                SELECT source, unit, target, key, value FROM main.label
                UNION ALL SELECT source, unit, target, key, value FROM temp.decided_label;
                """)
        self.choice = choice
        exclusions = try Int.fetchOne(db, sql: "SELECT count(*) FROM temp.excluded_clip") ?? 0
        answers =
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM temp.decided WHERE NOT (unit = 'clip' AND field = 'clip')")
            ?? 0
        let hash = SHA256()
        let rows = try Row.fetchCursor(
            db, sql: "SELECT unit, key, field, value FROM temp.decided ORDER BY unit, key, field, value")
        while let row = try rows.next() {
            let values: [String] = [row[0], row[1], row[2], row[3]]
            hash.update(Array((values.map { $0.debugDescription }.joined(separator: " ") + "\n").utf8))
        }
        digest = hash.hex()
    }

    /// How many kept clips raters agree to exclude, for a command that does not ask; nil where nobody has decided anything.
    static func leftAside(folder: String, _ db: Database) throws -> Int? {
        guard try attach(folder, db) else { return nil }
        defer { try? db.execute(sql: "DETACH review") }
        let excluded = "SELECT * FROM review.v_consensus WHERE \(isExclusion)"
        return try Int.fetchOne(
            db, sql: "SELECT count(DISTINCT name) FROM (\(ofClips(excluded))) WHERE kept = 1")
    }

    /// The source files that are to be kept whatever they look like, by their sha256.
    package static func kept(_ choice: String, dataset: String) throws(EchoError) -> Set<String> {
        try translated(as: fileName) {
            // Of a dataset whose catalog may not be there any more.
            var configuration = Configuration()
            configuration.busyMode = .timeout(30)
            return try OpenDatabase.with(nil, configuration) { queue in
                try queue.writeWithoutTransaction { db in
                    guard try attach(dataset, db) else { throw missing }
                    let (said, arguments) = try said(choice, db)
                    return try String.fetchSet(
                        db,
                        sql: """
                            SELECT sha256 FROM (\(said))
                            WHERE unit = 'clip' AND field = 'clip' AND value = 'keep' AND sha256 IS NOT NULL
                            """, arguments: arguments)
                }
            }
        }
    }

    /// Decisions whose clip is gone from a dataset, or whose file has other bytes now.
    package struct Orphans: Sendable, Equatable {
        package let gone: Int, changed: Int
    }

    /// - Parameter choice: whose decisions are looked at; nil for everybody's
    /// - Returns: nil where nobody has decided anything
    package static func orphans(of catalog: Catalog, _ choice: String? = nil) throws(EchoError) -> Orphans? {
        try catalog.writeTemporary { db in
            guard try attach(catalog.folder, db) else { return nil }
            defer { try? db.execute(sql: "DETACH review") }
            let (rows, arguments) =
                try choice.map { try said($0, db) } ?? ("SELECT * FROM review.v_current", [])
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT coalesce(sum(c.name IS NULL), 0), coalesce(sum(c.name IS NOT NULL), 0) FROM (
                        SELECT item, sha256 FROM (\(rows)) WHERE unit = 'clip'
                        EXCEPT SELECT item, sha256 FROM (\(ofClips(rows)))) d
                    LEFT JOIN main.clip c ON c.name = d.item
                    """, arguments: arguments)
            return Orphans(gone: row?[0] ?? 0, changed: row?[1] ?? 0)
        }
    }

    /// That a row of decisions leaves its clip out.
    private static let isExclusion = "unit = 'clip' AND field = 'clip' AND value = 'exclude'"

    private static let missing = EchoError(
        "--decisions", "the dataset has no decisions", try: "echoprep review first, or --decisions none")

    /// Lets a connection read the decisions of a dataset as `review`.
    ///
    /// - Returns: whether there are any
    private static func attach(_ folder: String, _ db: Database) throws -> Bool {
        let path = folder + "/" + fileName
        guard FileManager.default.fileExists(atPath: path) else { return false }
        try db.execute(sql: "ATTACH ? AS review", arguments: [path])
        do {
            try ReviewSchema.check(db, schema: "review", as: fileName)
        } catch {
            try db.execute(sql: "DETACH review")
            throw error
        }
        return true
    }

    /// What a choice means: a query of unit, item, sha256, field and value, which may stand in a statement more than once.
    private static func said(_ choice: String, _ db: Database) throws -> (
        sql: String, arguments: StatementArguments
    ) {
        if choice == consensus {
            return (
                "SELECT unit, item, sha256, field, value FROM review.v_consensus WHERE value IS NOT NULL", []
            )
        }
        guard
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM review.rater WHERE name = ?)", arguments: [choice])
                == true
        else {
            throw EchoError(
                "--decisions", "names no rater of this dataset",
                try: "consensus, none, or a name that echoprep review agreement prints")
        }
        let sql = """
            SELECT unit, item, sha256, field, value FROM (
                SELECT c.*, row_number() OVER (
                    PARTITION BY c.unit, c.item, c.sha256, c.field ORDER BY c.round DESC) AS n
                FROM review.v_current c WHERE c.rater = ?1)
            WHERE n = 1
            """
        return (sql, [choice])
    }

    /// Those of some decisions that are about clips of the dataset, each with the name of its clip and whether that is kept.
    ///
    /// A clip is the file that was looked at, wherever it lies now; of several with these bytes each.
    private static func ofClips(_ decisions: String) -> String {
        """
        SELECT d.*, c.name, c.kept FROM (\(decisions)) d
        JOIN main.clip c ON c.sha256 = d.sha256 OR (d.sha256 IS NULL AND c.name = d.item)
        WHERE d.unit = 'clip'
        """
    }
}
