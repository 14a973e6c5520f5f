// How long the queries of docs/queries.md take on a labelled database of full size.

import Catalog
import EchoCore
import GRDB
import Hospital
import Labels

/// The time of one query.
struct QueryTime {
    let question: String
    let rows: Int
    let milliseconds: Double

    /// Times every query of the page, the median of five turns each after one that does not count.
    static func all(of page: String, in catalog: Catalog) throws -> [QueryTime] {
        try DocumentedQuery.all(of: page).map { query in
            var times: [Double] = [], rows = 0
            for _ in 0...5 {
                let start = ContinuousClock.now
                rows = try catalog.read { db in try Row.fetchAll(db, sql: query.sql).count }
                times.append(start.duration(to: .now) / .milliseconds(1))
            }
            return QueryTime(
                question: query.question, rows: rows, milliseconds: times.dropFirst().sorted()[2])
        }
    }
}

extension Catalog {
    /// Adds what `link-icd` leaves to others, so that no table is empty: a row of `clip` for every file of the record
    /// list, two in three of them kept, and thirty measurements for every study, with their labels.
    func fillUp() throws {
        try write { db in
            let run = try Catalog.insertRun(db, "ingest", commandLine: "echobench labels", rules: [:])
            try db.execute(
                sql: """
                    INSERT INTO clip (run_id, study_key, study_id, subject_id, name, path, kept, kind, shard, reason)
                    SELECT ?, study_id, study_id, subject_id, dicom_filepath, dicom_filepath, n % 3 > 0,
                        CASE n % 3 WHEN 0 THEN 'doppler' ELSE 'bmode' END,
                        CASE WHEN n % 3 > 0 THEN 'shard-' || (n / 4096) END,
                        CASE n % 3 WHEN 0 THEN 'doppler' END
                    FROM (SELECT *, row_number() OVER (ORDER BY study_id, dicom_filepath) AS n FROM echo_record)
                    """, arguments: [run])
            try db.execute(
                sql: """
                    WITH RECURSIVE kind (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM kind WHERE n < 29)
                    INSERT INTO structured_measurement (measurement_id, measurement, result, unit, value)
                    SELECT measurement_id, CASE n WHEN 0 THEN 'lvef' ELSE 'measure ' || n END,
                        15 + measurement_id * 7 % 61, '%', 15 + measurement_id * 7 % 61
                    FROM echo_study CROSS JOIN kind
                    """)
            for source in LabelSource.all { try Catalog.replaceLabels(db, of: source, run: run) }
            try Catalog.finishRun(db, run)
        }
    }
}
