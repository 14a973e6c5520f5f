import Catalog
import EchoCore
import Foundation
import Labels
import Testing
import TestSupport

/// What schemas/measurements.tsv makes of the results of structured measurements.
@Suite struct MeasuredLabelsTests {
    /// One subject with studies 21 and 22 in a stay, whose measurements are 501 and 502.
    private static func link(
        _ rows: [String], in folder: URL, testTypes: String = "tte"
    ) throws -> Linked {
        var mimic = SmallMIMIC()
        mimic.add(stay: 10, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-05 00:00:00")
        mimic.add(codes: "I5020", of: 1, stay: 10)
        mimic.studies = """
            subject_id,study_id,study_datetime,measurement_id
            1,21,2150-01-02 00:00:00,501
            1,22,2150-01-03 00:00:00,502

            """
        try mimic.write(to: folder)
        let columns =
            "subject_id,measurement_id,measurement_datetime,test_type,measurement,measurement_description,result,unit\n"
        try Data((columns + rows.map { $0 + "\n" }.joined()).utf8).write(
            to: folder.appendingPathComponent("echo/structured-measurement.csv"))
        return try SmallMIMIC.link(in: folder) { $0.testTypes = testTypes }
    }

    @Test func `every line of the shipped file is a measurement with a unit, or a scale in order`() {
        let kinds = MeasurementKind.all
        #expect(kinds.count > 50 && Set(kinds.map(\.name)).count == kinds.count)
        #expect(!MeasurementKind.version.isEmpty)
        for kind in kinds {
            #expect(kind.grades.isEmpty == (kind.plausible != nil), "\(kind.name)")
            #expect(kind.grades.isEmpty || kind.unit == nil, "\(kind.name)")
            #expect(!kind.title.isEmpty && kind.name == kind.name.lowercased(), "\(kind.name)")
        }
        #expect(MeasurementKind.named("mr")?.name == "mitral_regurg")
        #expect(MeasurementKind.named("nothing like it") == nil)
    }

    @Test(arguments: [
        // Words of reports, in any case and with any brackets.
        ("mitral_regurg,,Mild (1+),", "1.0"), ("mitral_regurg,,Mild [1+],", "1.0"),
        ("mitral_regurg,,mild-moderate  (1-2+),", "1.5"), ("mitral_regurg,, Mod [2+] ,", "2.0"),
        ("mitral_regurg,,Physiologic,", "0.0"), ("mitral_regurg,,3,", "3.0"),
        ("mitral_regurg,,\"Present, can't qualify\",", nil), ("mitral_regurg,,2.2,", nil),
        ("mitral_regurg,,rather a lot,", nil), ("aortic_stenosis,,Very severe (>5m/s;>60mmHg),", "3.0"),
        ("aortic_stenosis,,\"None, incr vel high output\",", "0.0"),
        ("pericardial_effusion,,Very small (<0.5cm),", "0.5"), ("mac_severity,,Mod MAC,", "2.0"),
        // Numbers in the unit of the file, and only plausible ones.
        ("septal_thickness,,1.1,cm", "1.1"), ("septal_thickness,,11,mm", "1.1"),
        ("septal_thickness,,11,", nil), ("septal_thickness,,1.0-1.2,cm", "1.1"),
        ("septal_thickness,,thick,cm", nil), ("tr_velocity,,250,cm/s", "2.5"), ("tr_mmhg,,> 30,mmHg", "30.0"),
        ("biplane_lvef,,0.55,", "55.0"), ("biplane_lvef,,155,%", nil),
        // Of what is not listed, the number.
        ("la_diam,,4.1,cm", "4.1"), ("av_leaflets,,thickened,", nil),
    ]) func `a result becomes a plausible number, a grade, or nothing`(row: String, value: String?) throws {
        try withTemporaryFolder { folder in
            let linked = try Self.link(["1,501,,TTE,\(row)"], in: folder)
            let found = try linked.rows("SELECT value FROM label WHERE source = 'measurements'")
            #expect(found == (value.map { [$0] } ?? []))
            let unread = try linked.rows("SELECT n FROM v_unread_result")
            #expect(unread == (value == nil ? ["1"] : []))
            let name = String(row.prefix { $0 != "," })
            let isCounted = value == nil && MeasurementKind.named(name) != nil
            #expect(linked.summary.unread == (isCounted ? [name: 1] : [:]))
            #expect(
                try linked.rows("SELECT measurement, test_type, n_results, n_values FROM v_measurement")
                    == ["\(name)|TTE|1|\(value == nil ? 0 : 1)"])
        }
    }

    @Test(arguments: [
        ("tte", ["mitral_regurg|21|1.0", "septal_thickness|22|1.3"]),
        ("tte,tee", ["mitral_regurg|21|1.0", "mitral_regurg|22|4.0", "septal_thickness|22|1.3"]),
        ("stress", ["mitral_regurg|21|3.0", "septal_thickness|22|1.3"]),
        ("all", ["mitral_regurg|21|2.0", "mitral_regurg|22|4.0", "septal_thickness|22|1.3"]),
    ]) func `only transthoracic tests count, unless others are asked for`(types: String, labels: [String])
        throws
    {
        try withTemporaryFolder { folder in
            let linked = try Self.link(
                [
                    "1,501,,TTE,mitral_regurg,,Mild (1+),",
                    "1,501,,stress,mitral_regurg,,Moderate-severe (3+),",
                    "1,502,,tee,mitral_regurg,,Severe (4+),", "1,502,,,septal_thickness,,1.3,cm",
                ], in: folder, testTypes: types)
            #expect(
                try linked.rows("SELECT target, key, value FROM label WHERE source = 'measurements'")
                    == labels)
            #expect(try linked.rows("SELECT value FROM v_rule WHERE key = 'test-types'") == [types])
        }
    }

    @Test func `words of results are in no message, but for the database`() throws {
        try withTemporaryFolder { folder in
            let linked = try Self.link(["1,501,,TTE,mitral_regurg,,seen by J. Doe,"], in: folder)
            #expect(linked.summary.text.contains("        1 mitral_regurg"))
            #expect(try !(linked.summary.text + linked.summary.json()).contains("Doe"))
            #expect(
                try linked.rows("SELECT measurement, result, n FROM v_unread_result")
                    == ["mitral_regurg|seen by J. Doe|1"])
        }
    }
}
