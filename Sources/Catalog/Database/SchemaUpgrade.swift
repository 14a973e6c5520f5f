// Databases of earlier schema versions: brought to this version, or read as if they were.

import GRDB

/// The way from earlier versions to this one, from what is there: nothing has to be read again.
///
/// Version 2 had no table of labels. Version 3 had no diagnoses without a priority, and fewer words for what may be.
/// Version 4 knew fewer columns and reasons of `clip`. Version 5 did not know that a source may change, and had no view of
/// studies. Version 6 did not know race, insurance and language. Version 7 had no sums of tables.
enum SchemaUpgrade {
    /// The versions that it begins with.
    static let versions = [2, 3, 4, 5, 6, 7]

    /// The labels that a database of version 2 has, as rows of `label`. It stays as it is when sources change.
    private static let labels = """
        SELECT 'link-icd' AS source, 'study' AS unit, t.category AS target, CAST(st.study_id AS TEXT) AS key,
            CAST(c.study_id IS NOT NULL AS REAL) AS value
        FROM (SELECT category FROM target ORDER BY category) t
        CROSS JOIN study_status st
        LEFT JOIN study_category c ON c.study_id = st.study_id AND c.category = t.category
        WHERE st.status = 'labelled'
        UNION ALL
        SELECT 'measurements', 'study', m.measurement, CAST(s.study_id AS TEXT), avg(m.value)
        FROM structured_measurement m
        JOIN echo_study s ON s.measurement_id = m.measurement_id
        WHERE m.value IS NOT NULL AND (m.measurement <> 'lvef' OR m.value BETWEEN 0 AND 100)
        GROUP BY m.measurement, s.study_id
        UNION ALL
        SELECT 'echonet', 'study', 'EF', study_key, ef FROM listed_study WHERE ef IS NOT NULL
        """

    /// Their sources, as rows of `label_source`: those of a command that has been run.
    private static let sources = """
        SELECT 'link-icd' AS name, max(id) AS run_id FROM run WHERE command = 'link-icd' HAVING max(id) IS NOT NULL
        UNION ALL
        SELECT 'measurements', max(id) FROM run WHERE command = 'link-icd' HAVING max(id) IS NOT NULL
        UNION ALL
        SELECT 'echonet', max(id) FROM run WHERE command = 'ingest' AND EXISTS (SELECT 1 FROM listed_study)
            HAVING max(id) IS NOT NULL
        """

    /// Up to version 5 the value of an ejection fraction was the number alone, a share too, or one that no heart has.
    private static let fractions = """
        UPDATE structured_measurement SET value = CASE
            WHEN unit IS NULL AND instr(result, '%') = 0 AND value > 0 AND value <= 1 THEN round(100 * value, 6)
            WHEN value BETWEEN 0 AND 100 THEN value END
        WHERE measurement = 'lvef' AND value IS NOT NULL
        """

    /// Brings a database to this program's schema, inside a transaction of the caller without checks of foreign keys.
    static func upgrade(_ db: Database, version: Int) throws {
        let hadMatrix = try db.viewExists("label_matrix")
        let ours = Set(SchemaCheck.definitions.map(\.name) + ["label_matrix"])
        for view in try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'view'")
        where ours.contains(view) {
            try db.execute(sql: "DROP VIEW \(view)")
        }
        // Or renaming a table would change the tables that refer to it.
        try db.execute(sql: "PRAGMA legacy_alter_table = ON")
        defer { try? db.execute(sql: "PRAGMA legacy_alter_table = OFF") }
        for object in SchemaCheck.definitions {
            let found = try String.fetchOne(
                db, sql: "SELECT sql FROM sqlite_schema WHERE name = ?", arguments: [object.name])
            if found == nil {
                try db.execute(sql: object.sql)
            } else if found != object.sql {
                try rebuild(object.name, as: object.sql, in: db)
            }
        }
        if version == 2 {
            try db.execute(sql: "INSERT INTO label_source \(sources)")
            try db.execute(sql: "INSERT INTO label \(labels)")
        }
        try db.execute(sql: fractions)
        if hadMatrix { try Catalog.createLabelMatrix(db) }
        try db.execute(sql: "PRAGMA user_version = \(Catalog.schemaVersion)")
    }

    /// Makes a table anew with the rows that it had; its indexes go with the old one, and follow.
    private static func rebuild(_ table: String, as sql: String, in db: Database) throws {
        func columns() throws -> [String] { try db.columns(in: table).map(\.name) }
        let before = try columns()
        try db.execute(sql: "ALTER TABLE \(table) RENAME TO earlier")
        try db.execute(sql: sql)
        var kept: [String] = [], values: [String] = []
        for column in try columns() {
            if before.contains(column) {
                kept.append(column)
                values.append(column)
            } else if let value = derived["\(table).\(column)"] {
                kept.append(column)
                values.append(value)
            }
        }
        try db.execute(
            sql: """
                INSERT INTO \(table) (\(kept.joined(separator: ", ")))
                SELECT \(values.joined(separator: ", ")) FROM earlier
                """)
        try db.execute(sql: "DROP TABLE earlier")
    }

    /// What stands in columns that were not there, where that is not their default.
    private static let derived = [
        "diagnoses_icd.place":
            "row_number() OVER (PARTITION BY hadm_id ORDER BY seq_num, icd_version, icd_code)"
    ]

    /// Lets a connection that only reads find tables and columns in a database that has none of them. The views of its own
    /// version give the same answers.
    static func shadow(_ db: Database, version: Int) throws {
        try db.execute(
            sql: """
                CREATE TEMP VIEW table_sum AS SELECT '' AS name, '' AS part, 0 AS run_id, 0 AS n, '' AS sum WHERE 0
                """)
        guard version < 7 else { return }
        try db.execute(
            sql: """
                CREATE TEMP VIEW admissions AS
                SELECT *, NULL AS insurance, NULL AS language, NULL AS race FROM main.admissions
                """)
        guard version < 6 else { return }
        try db.execute(
            sql: """
                CREATE TEMP VIEW clip AS SELECT *, NULL AS mtime, NULL AS tensor FROM main.clip;
                CREATE TEMP VIEW run AS SELECT *, NULL AS changes FROM main.run;
                CREATE TEMP VIEW withdrawn_clip AS
                SELECT 0 AS id, '' AS why, '' AS path, 0 AS bytes, '' AS sha256, '' AS name, '' AS shard, '' AS tensor,
                    '' AS record WHERE 0;
                CREATE TEMP VIEW retired_shard AS SELECT '' AS shard WHERE 0;
                """)
        guard version == 2 else { return }
        try db.execute(sql: "CREATE TEMP VIEW label_source AS \(sources)")
        try db.execute(sql: "CREATE TEMP VIEW label AS \(labels)")
    }

    /// Lets a connection find `v_study` in a database of an earlier version.
    static func addStudies(_ db: Database) throws {
        guard try Int.fetchOne(db, sql: "PRAGMA main.user_version") != Catalog.schemaVersion else { return }
        let view = SchemaCheck.definitions.first { $0.name == "v_study" }?.sql ?? ""
        try db.execute(sql: view.replacing("CREATE VIEW", with: "CREATE TEMP VIEW", maxReplacements: 1))
    }
}
