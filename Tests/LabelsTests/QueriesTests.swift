import Catalog
import EchoCore
import Foundation
import GRDB
import Hospital
import Labels
import Testing
import TestSupport

@Suite struct QueriesTests {
    /// Sixteen studies with everything that a query asks for.
    private static func label(in folder: URL) throws -> Catalog {
        var mimic = SmallMIMIC()
        mimic.studies = "subject_id,study_id,study_datetime,measurement_id\n"
        var measurements =
            "subject_id,measurement_id,measurement_datetime,test_type,measurement,measurement_description,result,unit\n"
        for subject in 1...8 {
            mimic.add(patient: subject)
            for (index, days) in [("01", "05"), ("04", "20")].enumerated() {
                let hadm = 10 * subject + index
                mimic.add(
                    stay: hadm, of: subject, from: "2150-01-\(days.0) 00:00:00",
                    to: "2150-01-\(days.1) 00:00:00")
                mimic.add(
                    codes: index == 0 ? "I5020" : "I10", "A419", "A4199", "ZZZ", of: subject, stay: hadm)
            }
            for (index, day) in ["02", "04", "09", "30"].enumerated() {
                let study = 100 * subject + index
                mimic.studies += "\(subject),\(study),2150-01-\(day) 12:00:00,\(study)\n"
                // From the first study to the last it falls.
                let fraction = 20 + 5 * subject - 4 * index
                measurements += "\(subject),\(study),,TTE,lvef,LVEF,\(fraction),%\n"
                measurements +=
                    "\(subject),\(study),,TTE,mitral_regurg,MR,\(index == 0 ? "Mild (1+)" : "some"),\n"
            }
        }
        try mimic.write(to: folder)
        try Data(measurements.utf8).write(
            to: folder.appendingPathComponent("echo/structured-measurement.csv"))
        let rule = try SplitRule("1/1/1", seed: 1)
        return try SmallMIMIC.link(in: folder) { $0.split = rule }.catalog
    }

    @Test func `every query of the page runs and has an answer`() throws {
        try withTemporaryFolder { folder in
            let catalog = try Self.label(in: folder)
            let page = Built.repository.appendingPathComponent("docs/queries.md").path
            let queries = try DocumentedQuery.all(of: page)
            #expect(queries.count == 35)
            for query in queries {
                let rows = try catalog.read { db in try Row.fetchAll(db, sql: query.sql) }
                #expect(
                    rows.isEmpty == query.question.contains("(No rows: all is well.)"), "\(query.question)")
            }
        }
    }
}
