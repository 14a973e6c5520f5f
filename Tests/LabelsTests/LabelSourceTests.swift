import Catalog
import EchoCore
import Foundation
import GRDB
import Labels
import Testing
import TestSupport

@Suite struct LabelSourceTests {
    /// One subject with two studies in a stay with heart failure, and one after it.
    private static func mimic() -> SmallMIMIC {
        var mimic = SmallMIMIC()
        mimic.add(stay: 10, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-05 00:00:00")
        mimic.add(codes: "I5020", of: 1, stay: 10)
        mimic.add(stay: 11, of: 1, from: "2150-02-01 00:00:00", to: "2150-02-05 00:00:00")
        mimic.add(codes: "I10", of: 1, stay: 11)
        mimic.studies = """
            subject_id,study_id,study_datetime,measurement_id
            1,21,2150-01-02 00:00:00,501
            1,22,2150-02-02 00:00:00,502
            1,23,2150-03-02 00:00:00,503

            """
        return mimic
    }

    private static func measure(_ rows: String..., in folder: URL) throws {
        let columns =
            "subject_id,measurement_id,measurement_datetime,test_type,measurement,measurement_description,result,unit\n"
        try Data((columns + rows.map { $0 + "\n" }.joined()).utf8).write(
            to: folder.appendingPathComponent("echo/structured-measurement.csv"))
    }

    @Test func `sources have names of their own and say what they do`() {
        #expect(Set(LabelSource.all.map(\.name)).count == LabelSource.all.count)
        #expect(
            LabelSource.all.map(\.name) == [
                LabelSource.linkICD, LabelSource.measurements, LabelSource.echoNet,
            ])
        #expect(LabelSource.all.allSatisfy { !$0.rule.isEmpty && !$0.reads.isEmpty })
    }

    @Test func `every labelled study has every target, and every number is a label`() throws {
        try withTemporaryFolder { folder in
            try Self.mimic().write(to: folder)
            try Self.measure(
                "1,501,,TTE,lvef,,> 55,%", "1,501,,TTE,LVEF,,50-55,%", "1,501,,TTE,lvef,,150,%",
                "1,501,,TTE,la_diam,,4.1,cm", "1,502,,TTE,lvef,,150,%", "1,503,,TTE,lvef,,severely reduced,",
                "1,503,,TTE,tr_vmax,,-1,m/s", in: folder)
            let linked = try SmallMIMIC.link(in: folder)
            #expect(
                try linked.rows("SELECT source, unit, target, key, value FROM label") == [
                    "link-icd|study|I10|21|0.0", "link-icd|study|I10|22|1.0", "link-icd|study|I50|21|1.0",
                    "link-icd|study|I50|22|0.0", "measurements|study|la_diam|21|4.1",
                    "measurements|study|lvef|21|53.75", "measurements|study|tr_vmax|23|-1.0",
                ])
            #expect(
                try linked.rows("SELECT study_id, lvef, n_measurements FROM v_lvef") == ["21|53.75|2"])
            #expect(
                try linked.rows("SELECT s.name, r.command FROM label_source s JOIN run r ON r.id = s.run_id")
                    == ["link-icd|link-icd", "measurements|link-icd"])
            #expect(try linked.catalog.inconsistencies().isEmpty)
        }
    }

    @Test(arguments: [
        ("0.55,", "55.0"), ("1,", "100.0"), ("> 0.5,", "50.0"), ("0.50-0.60,", "55.0"), ("0.55,%", "0.55"),
        ("0.55 %,", "0.55"), ("55,", "55.0"), ("0x37,", nil), ("nan,", nil), ("1.5,", "1.5"), ("0.0,", "0.0"),
    ]) func `an ejection fraction is read in percent or as a share`(result: String, percent: String?) throws {
        try withTemporaryFolder { folder in
            try Self.mimic().write(to: folder)
            try Self.measure("1,501,,TTE,lvef,,\(result)", "1,502,,TTE,la_diam,,0.5,", in: folder)
            let linked = try SmallMIMIC.link(in: folder)
            let found = try linked.rows("SELECT lvef FROM v_lvef")
            #expect(found == (percent.map { [$0] } ?? []))
            #expect(try linked.rows("SELECT value FROM label WHERE target = 'la_diam'") == ["0.5"])
        }
    }

    @Test func `link-icd replaces its own labels and leaves the others'`() throws {
        try withTemporaryFolder { folder in
            try Self.mimic().write(to: folder)
            try Self.measure("1,501,,TTE,lvef,,60,%", in: folder)
            let dataset = folder.path + "/dataset"
            let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
            try catalog.replace([
                ListedStudy(key: "0X1", ejectionFraction: 40, listSplit: nil, split: .train)
            ])
            let mine = LabelSource(
                "mine", command: "label import", reads: [], unit: .clip, rule: "as the file has it",
                rows: "SELECT 'view', 'a/b', 4")
            try catalog.write { try Catalog.replaceLabels($0, of: mine, run: nil) }
            try SmallMIMIC.link(in: folder)
            let own = "SELECT target, key, value FROM label WHERE source = 'link-icd'"
            #expect(try catalog.rows(own) == ["I10|21|0.0", "I10|22|1.0", "I50|21|1.0", "I50|22|0.0"])

            try Self.measure("1,502,,TTE,lvef,,61,%", in: folder)
            try SmallMIMIC.link(in: folder) { $0.labels.level = .chapter }
            #expect(try catalog.rows(own) == ["9|21|1.0", "9|22|1.0"])
            #expect(
                try catalog.rows("SELECT source, target, key, value FROM label WHERE source <> 'link-icd'")
                    == [
                        "echonet|EF|0X1|40.0", "measurements|lvef|22|61.0", "mine|view|a/b|4.0",
                    ])
        }
    }
}
