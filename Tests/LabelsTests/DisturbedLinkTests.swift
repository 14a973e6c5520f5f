import Catalog
import EchoCore
import Foundation
import Labels
import Testing
import TestSupport

/// What may come between a run and its end: a full disk, and another run.
@Suite struct DisturbedLinkTests {
    /// Studies of `subjects` subjects, each at the very end of its stay: the window decides on all of them.
    private static func mimic(subjects: Int) -> SmallMIMIC {
        var mimic = SmallMIMIC()
        for subject in 1...subjects {
            mimic.add(
                stay: 10_000 + subject, of: subject, from: "2150-01-01 00:00:00", to: "2150-01-02 00:00:00")
            mimic.add(codes: "I5020", "I10", "E119", of: subject, stay: 10_000 + subject)
            mimic.add(study: 50_000 + subject, of: subject, at: "2150-01-02 00:00:00")
        }
        return mimic
    }

    private static func arguments(_ folder: URL, _ options: String...) -> [String] {
        [
            "link-icd", "--dataset", folder.path + "/dataset", "--mimic-iv", folder.path + "/hosp", "--echo",
            folder.path + "/echo",
        ] + options
    }

    @Test(.enabled(if: SmallDisk.canMount, "a small file system can be mounted"))
    func `a full disk leaves the previous labels, and after space is made the same command goes on`() throws {
        try withTemporaryFolder { folder in
            try SmallDisk.mounted(at: folder.appendingPathComponent("dataset"), megabytes: 3) { disk in
                try Self.mimic(subjects: 20).write(to: folder)
                #expect(try Built.run(Self.arguments(folder)).status == 0)
                let database = folder.appendingPathComponent("dataset/echoprep.sqlite")
                let before = try Data(contentsOf: database)

                try Self.mimic(subjects: 9_000).write(to: folder)
                let full = try Built.run(Self.arguments(folder))
                #expect(full.status == 1)
                #expect(
                    full.errors == """
                        echoprep: echoprep.sqlite: the disk is full
                          try: make space; the same command goes on

                        """)
                #expect(try Data(contentsOf: database) == before)

                try disk.resize(megabytes: 64)
                #expect(try Built.run(Self.arguments(folder)).status == 0)
                let catalog = try Catalog(
                    datasetFolder: database.deletingLastPathComponent().path, readOnly: true)
                #expect(try catalog.labels(of: ["I50"], from: LabelSource.linkICD).count == 9_000)
                #expect(try catalog.inconsistencies().isEmpty)
            }
        }
    }

    @Test(arguments: 1...3) func `of two runs at once the labels are one's alone`(round: Int) throws {
        try withTemporaryFolder { folder in
            try Self.mimic(subjects: 2_000).write(to: folder)
            let windows = ["closed", "strict"]
            let runs = try windows.map { try Built.start(Self.arguments(folder, "--window", $0)) }
            for run in runs { run.waitUntilExit() }
            // Each waits for the other; had one given up, its exit status would say so.
            let catalog = try Catalog(datasetFolder: folder.path + "/dataset", readOnly: true)
            let done = zip(windows, runs).filter { $1.terminationStatus == 0 }.map(\.0)
            #expect(!done.isEmpty)
            #expect(
                try Set(catalog.rows("SELECT value FROM rule WHERE key = 'window'")) == Set(done))
            let last = try #require(try catalog.rows("SELECT value FROM v_rule WHERE key = 'window'").first)
            let status = last == "closed" ? "labelled" : "no-stay"
            #expect(
                try catalog.rows("SELECT status, count(*) FROM study_status GROUP BY 1") == ["\(status)|2000"]
            )
            #expect(
                try catalog.rows("SELECT count(*) FROM study_category")
                    == [last == "closed" ? "6000" : "0"])
            #expect(try catalog.inconsistencies().isEmpty)
        }
    }
}
