import Catalog
import EchoCore
import Foundation
import GRDB
import Testing
import TestSupport

/// `--where`: an expression over v_study chooses studies, and does nothing else.
@Suite struct CohortTests {
    /// Studies 1 and 2 of a woman who dies, 3 of a man without clips, a study that the list does not have, and a folder.
    private static func dataset(at folder: URL) throws -> String {
        let catalog = try Catalog(datasetFolder: folder.path, readOnly: false)
        let run = try catalog.beginRun("ingest", commandLine: "", rules: [:])
        let studies: [(key: String, study: Int64?, subject: Int64?)] = [
            ("1", 1, 101), ("1", 1, 101), ("2", 2, 101), ("3", 3, 102), ("9", 9, 109), ("case-1", nil, nil),
        ]
        try catalog.add(
            studies.enumerated().map { index, study in
                var clip = ClipRecord(
                    id: Int64(index + 1), runID: run, studyKey: study.key, studyID: study.study,
                    subjectID: study.subject, name: "\(study.key)/\(index)", path: "\(index).dcm")
                clip.kept = study.key != "3"
                clip.shard = clip.kept ? "shard-00000.safetensors" : nil
                clip.reason = clip.kept ? nil : .still
                clip.frames = 10
                return clip
            })
        try catalog.write { db in
            try db.execute(
                sql: """
                    INSERT INTO patients VALUES
                        (101, 'F', 60, 2150, '2011 - 2013', '2152-03-01'), (102, 'M', 91, 2150, '2014 - 2016', NULL);
                    INSERT INTO split VALUES (101, 'train'), (102, 'test');
                    INSERT INTO echo_study VALUES
                        (1, 101, '2152-02-28 10:00:00', 501), (2, 101, '2151-12-31 23:59:59', NULL),
                        (3, 102, '2150-01-01 00:00:00', NULL);
                    INSERT INTO structured_measurement (measurement_id, test_type, measurement, result, value)
                        VALUES (501, 'TTE', 'lvef', '35', 35);
                    INSERT INTO admissions VALUES
                        (11, 101, '2152-02-27 00:00:00', '2152-03-01 00:00:00', '2152-03-01 09:00:00', NULL, NULL, 'EW', 1,
                         'Medicare', 'English', 'WHITE - RUSSIAN'),
                        (12, 102, '2149-01-01 00:00:00', '2149-01-03 00:00:00', NULL, NULL, NULL, 'EW', 0, NULL, '?', 'UNKNOWN');
                    INSERT INTO study_admission VALUES (1, 11, 34.0, 38.0, 1);
                    INSERT INTO study_status VALUES (1, 'labelled', NULL, 0), (2, 'no-stay', 5, 0), (3, 'no-stay', 5, 0);
                    INSERT INTO study_category VALUES (1, 'I50', 1, 1);
                    INSERT INTO label_source VALUES ('measurements', NULL);
                    INSERT INTO label VALUES ('measurements', 'study', 'lvef', '1', 35);
                    """)
        }
        return folder.path
    }

    private static func studies(_ dataset: String, where expression: String?) throws -> [String] {
        try Catalog(datasetFolder: dataset, where: expression).studies().map(\.key)
    }

    @Test func `who asks for nobody's decisions has those of nobody`() {
        #expect(Selection(decisions: Decisions.none) == Selection())
        #expect(Selection(decisions: Decisions.consensus) != Selection())
    }

    @Test func `a row a study says who, when, how old, and what became of them`() throws {
        try withTemporaryFolder { folder in
            let dataset = try Self.dataset(at: folder)
            let rows = try Catalog(datasetFolder: dataset, readOnly: true).read { db in
                try Row.fetchAll(
                    db,
                    sql: """
                        SELECT study_key, subject_id, split, study_number, first_study, age, sex, test_type, files, clips,
                            ef, hadm_id, died_in_hospital, status, days_to_death FROM v_study ORDER BY study_key
                        """
                ).map { row in
                    row.databaseValues.map { $0.isNull ? "-" : "\($0.storage.value!)" }.joined(separator: "|")
                }
            }
            #expect(
                rows == [
                    // 2152 is a leap year: the 29th lies between.
                    "1|101|train|2|0|62|F|tte|2|2|35.0|11|1|labelled|2",
                    "2|101|train|1|1|61|F|-|1|1|-|-|-|no-stay|61",
                    "3|102|test|1|1|91|M|-|1|0|-|-|-|no-stay|-",
                    "9|109|-|-|-|-|-|-|1|1|-|-|-|-|-", "case-1|-|-|-|-|-|-|-|1|1|-|-|-|-|-",
                ])
        }
    }

    @Test func `race is of the stay, or of another one, insurance and language of the stay`() throws {
        try withTemporaryFolder { folder in
            let catalog = try Catalog(datasetFolder: try Self.dataset(at: folder), readOnly: false)
            func told() throws -> [String] {
                try catalog.read { db in
                    try Row.fetchAll(
                        db,
                        sql:
                            "SELECT study_key, race, race_group, insurance, language FROM v_study ORDER BY study_key"
                    ).map { row in
                        row.databaseValues.map { $0.isNull ? "-" : "\($0.storage.value!)" }.joined(
                            separator: "|")
                    }
                }
            }
            #expect(
                try told() == [
                    "1|WHITE - RUSSIAN|white|Medicare|English", "2|WHITE - RUSSIAN|white|-|-",
                    "3|UNKNOWN|-|-|-", "9|-|-|-|-", "case-1|-|-|-|-",
                ])
            let people = try catalog.people()
            #expect(people["sex"] == ["1": "F", "2": "F", "3": "M"])
            #expect(people["age"] == ["1": "50 to 64", "2": "50 to 64", "3": "80 and over"])
            #expect(people["race"] == ["1": "white", "2": "white"])
            for (race, group) in [
                ("PORTUGUESE", "white"), ("Black/Cape Verdean", "black"),
                ("HISPANIC/LATINO - CUBAN", "hispanic"),
                ("SOUTH AMERICAN", "hispanic"), ("ASIAN", "asian"), ("MULTIPLE RACE/ETHNICITY", "other"),
            ] {
                try catalog.write {
                    try $0.execute(
                        sql: "UPDATE admissions SET race = ? WHERE hadm_id = 11", arguments: [race])
                }
                #expect(try catalog.people()["race"]?["1"] == group, "\(race)")
            }
        }
    }

    @Test(arguments: [
        ("age >= 60", ["1", "2"], [2, 0, 2]), ("race_group = 'white'", ["1", "2"], [2, 0, 2]),
        ("ef < 40", ["1"], [1, 0, 3]),
        ("1", ["1", "2", "9", "case-1"], [4, 0, 0]),
        ("first_study", ["2"], [1, 1, 2]), ("NOT first_study", ["1"], [1, 1, 2]),
        ("sex = 'F' AND days_to_death < 30", ["1"], [1, 1, 2]),
        ("clips > 1 -- the large ones", ["1"], [1, 3, 0]),
        ("study_key LIKE 'case%'", ["case-1"], [1, 3, 0]), ("NULL", [], [0, 0, 4]),
        ("status = 'nothing'", [], [0, 2, 2]),
        (
            "EXISTS (SELECT 1 FROM study_category c WHERE c.study_id = v_study.study_id AND c.category = 'I50')",
            ["1"], [1, 3, 0]
        ), ("(ef < 40) OR (study_key = ';')", ["1"], [1, 0, 3]),
        ("split = 'train'\nAND ef IS NULL", ["2"], [1, 1, 2]),
    ]) func `studies are those for which it is true`(
        expression: String, studies: [String], counts: [Int]
    ) throws {
        try withTemporaryFolder { folder in
            let dataset = try Self.dataset(at: folder)
            #expect(try Self.studies(dataset, where: expression) == studies)
            let cohort = try #require(try Catalog(datasetFolder: dataset, where: expression).cohort)
            #expect([cohort.chosen, cohort.others, cohort.unknown] == counts)
            #expect(cohort.text.contains("\(counts[0]) of 4 studies with clips"))
            #expect(cohort.text.contains("not known") == (counts[2] > 0))
        }
    }

    @Test(arguments: [
        "", "  \n", "agee > 3", "age >", "age > 3;", "age > 3; DELETE FROM clip", "1; SELECT 2", "1) OR (1",
        "1 ORDER BY age",
        "1 LIMIT 1", "1 GROUP BY sex", "1 UNION SELECT 1", "1) UNION SELECT (1", "1 /*", "'", "\"", "age > ?",
        "age > :age",
        "count(*) > 1", "study_key IN (DELETE FROM clip RETURNING study_key)", "load_extension('x')",
        "1 WHERE 1",
        "age > 3\0 OR 1", "(SELECT 1", "ATTACH 'x' AS y", "PRAGMA user_version",
        "abs(CAST('-9223372036854775808' AS INTEGER)) > 1", "DROP TABLE clip",
        "1)); DROP TABLE clip; --", "1, 2", "sex AS x", "row_number() OVER () = 1",
    ]) func `what is no expression, or fails, is an error of the option, and changes nothing`(text: String)
        throws
    {
        try withTemporaryFolder { folder in
            let dataset = try Self.dataset(at: folder)
            let file = folder.appendingPathComponent(Catalog.fileName)
            let before = try Data(contentsOf: file)
            let error = #expect(throws: EchoError.self) { try Self.studies(dataset, where: text) }
            #expect(error?.place == "--where" && error?.remedy?.contains("v_study") == true, "\(text)")
            #expect(try Data(contentsOf: file) == before)
            #expect(try FileManager.default.contentsOfDirectory(atPath: dataset) == [Catalog.fileName])
        }
    }

    @Test func `the funnel goes on to the cohort`() throws {
        try withTemporaryFolder { folder in
            let dataset = try Self.dataset(at: folder)
            let whole = try Catalog(datasetFolder: dataset, where: nil).funnel()
            let steps = try Catalog(datasetFolder: dataset, where: "age > 18").funnel()
            #expect(steps.dropLast(2) == whole[...])
            #expect(steps.suffix(2).map(\.what) == ["with clips, where age > 18", "of these labelled"])
            #expect(steps.suffix(2).map(\.count) == [2, 1])
        }
    }
}
