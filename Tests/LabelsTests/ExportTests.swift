import Catalog
import EchoCore
import Exchange
import Files
import Foundation
import GRDB
import Labels
import Testing
import TestSupport

/// The formats themselves are judged by Tests/Oracles/exports.py.
@Suite struct ExportTests {
    private static let mimic = {
        var mimic = SmallMIMIC()
        for subject in 1...3 {
            mimic.add(
                stay: 10 + subject, of: subject, from: "2150-01-01 00:00:00", to: "2150-01-05 00:00:00")
            mimic.add(study: 20 + subject, of: subject, at: "2150-01-04 00:00:00")
        }
        mimic.add(codes: "I5020", "I10", of: 1, stay: 11)
        mimic.add(codes: "I10", of: 3, stay: 13)
        return mimic
    }()

    private func withLabels(_ body: (URL) throws -> Void) throws {
        let rule = try SplitRule("1/0/0", seed: 1)
        try withTemporaryFolder { folder in
            try Self.mimic.link(in: folder) { $0.split = rule }
            try body(folder)
        }
    }

    @Test func `labels leave as csv`() throws {
        try withLabels { folder in
            let file = folder.path + "/labels.csv"
            let outcome = try Built.run("export", "labels", file, "--dataset", folder.path + "/dataset")
            #expect(outcome.output == file + "\n")
            #expect(
                try String(contentsOfFile: file, encoding: .utf8) == """
                    study_id,subject_id,hadm_id,study_datetime,split,I10,I50
                    21,1,11,2150-01-04 00:00:00,train,1,1
                    23,3,13,2150-01-04 00:00:00,train,1,0

                    """)
        }
    }

    @Test func `a label that is not known leaves as nothing`() throws {
        try withLabels { folder in
            try Catalog(datasetFolder: folder.path + "/dataset", readOnly: false).write {
                try $0.execute(sql: "UPDATE label SET value = NULL WHERE target = 'I50' AND key = '23'")
            }
            let file = folder.path + "/labels.csv"
            for format in LabelFormat.allCases {
                let out = format == .csv ? file : "\(folder.path)/\(format)"
                _ = try exportLabels(dataset: folder.path + "/dataset", to: out, format: format)
            }
            #expect(
                try String(contentsOfFile: file, encoding: .utf8).hasSuffix(
                    "23,3,13,2150-01-04 00:00:00,train,1,\n"))
            _ = try exportCroissant(
                dataset: folder.path + "/dataset",
                options: CroissantOptions(name: "small", license: "", url: "", citation: ""))
        }
    }

    @Test func `a Parquet file begins and ends as one, with the length of its metadata`() throws {
        try withLabels { folder in
            let file = folder.path + "/labels.parquet"
            _ = try exportLabels(dataset: folder.path + "/dataset", to: file, format: .parquet)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            #expect(bytes.prefix(4) == Data("PAR1".utf8) && bytes.suffix(4) == Data("PAR1".utf8))
            let length = bytes.suffix(8).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            let metadata = bytes.suffix(8 + length).prefix(length)
            for name in ["study_id", "study_datetime", "I50"] {
                #expect(metadata.range(of: Data(name.utf8)) != nil)
            }
        }
    }

    @Test func `MEDS gets a file a target, the splits and the codes`() throws {
        try withLabels { folder in
            let out = folder.path + "/meds"
            let written = try exportLabels(dataset: folder.path + "/dataset", to: out, format: .meds).paths
            #expect(
                written.map { $0.dropFirst(out.count + 1) } == [
                    "labels/I10/0.parquet", "labels/I50/0.parquet", "metadata/subject_splits.parquet",
                    "metadata/codes.parquet", "metadata/dataset.json",
                ])
        }
    }

    @Test func `MEDS keeps no label file of a target that is none any more, and touches nobody else's`()
        throws
    {
        try withLabels { folder in
            let dataset = folder.path + "/dataset", out = folder.path + "/meds"
            _ = try exportLabels(dataset: dataset, to: out, format: .meds)
            try Catalog(datasetFolder: dataset, readOnly: false).write {
                try $0.execute(sql: "DELETE FROM target WHERE category = 'I10'")
            }
            _ = try exportLabels(dataset: dataset, to: out, format: .meds)
            let files = FileManager.default
            #expect(try files.contentsOfDirectory(atPath: out + "/labels") == ["I50"])
            try files.removeItem(atPath: out + "/metadata/dataset.json")
            let error = #expect(throws: EchoError.self) {
                try exportLabels(dataset: dataset, to: out, format: .meds)
            }
            #expect(error?.problem == "holds label files that are not from here")
        }
    }

    @Test(arguments: ["../escaped", "a/b", "..", "/tmp/escaped"])
    func `a target's name never leads out of the folder, nor out of the query`(name: String) throws {
        try withLabels { folder in
            let dataset = folder.path + "/dataset", out = folder.path + "/out/meds"
            try Catalog(datasetFolder: dataset, readOnly: false).write {
                try $0.execute(
                    sql: "UPDATE target SET category = ? WHERE category = 'I10'", arguments: [name + "'\""])
                try $0.execute(
                    sql: "UPDATE label SET target = ? WHERE target = 'I10'", arguments: [name + "'\""])
            }
            let error = #expect(throws: EchoError.self) {
                try exportLabels(dataset: dataset, to: out, format: .meds)
            }
            #expect(error?.problem.contains("cannot be that of a folder") == true)
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/out"))
            let csv = folder.path + "/labels.csv"
            _ = try exportLabels(dataset: dataset, to: csv, format: .csv)
            #expect(try String(contentsOfFile: csv, encoding: .utf8).contains("I50"))
        }
    }

    @Test func `a label of another kind is an error of the export, not a crash that shows the row`() throws {
        try withLabels { folder in
            let dataset = folder.path + "/dataset"
            try Catalog(datasetFolder: dataset, readOnly: false).write {
                try $0.execute(sql: "UPDATE echo_study SET study_datetime = 'secret'")
            }
            for format in [LabelFormat.parquet, .meds] {
                let error = #expect(throws: EchoError.self) {
                    try exportLabels(dataset: dataset, to: folder.path + "/x", format: format)
                }
                #expect(error?.description.contains("secret") == false)
            }
        }
    }

    @Test func `two exports to one folder do not mix`() throws {
        try withLabels { folder in
            let out = folder.path + "/meds"
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
            guard let lock = try FileLock.take(out + "/.export.lock") else {
                Issue.record("nobody else has the lock")
                return
            }
            let error = #expect(throws: EchoError.self) {
                try exportLabels(dataset: folder.path + "/dataset", to: out, format: .meds)
            }
            #expect(error?.problem == "another echoprep export is writing to it")
            _ = consume lock
        }
    }

    /// MIMIC-IV-ECHO 1.0 names measurements, 0.1 named notes.
    @Test(arguments: [(",measurement_id", "1.0"), (",note_id", "0.1"), ("", nil)])
    func `MEDS is told the version of the lists`(
        column: String, version: String?
    ) throws {
        try withTemporaryFolder { folder in
            var mimic = Self.mimic
            let ends = mimic.studies.split(separator: "\n").enumerated().map {
                $1 + ($0 == 0 ? column : column.isEmpty ? "" : ",")
            }
            mimic.studies = ends.joined(separator: "\n") + "\n"
            try mimic.link(in: folder)
            let written = try exportLabels(
                dataset: folder.path + "/dataset", to: folder.path + "/meds", format: .meds
            ).paths
            let metadata = try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: try #require(written.last))))
            #expect((metadata as? [String: String])?["dataset_version"] == version)
        }
    }

    @Test func `a dataset without labels exports none`() throws {
        try withTemporaryFolder { folder in
            var mimic = Self.mimic
            mimic.diagnoses = SmallMIMIC().diagnoses
            try mimic.link(in: folder)
            #expect(
                throws: EchoError("--dataset", "has no targets", try: "run echoprep link-icd on it first")
            ) { try exportLabels(dataset: folder.path + "/dataset", to: folder.path + "/x", format: .csv) }
        }
    }
}
