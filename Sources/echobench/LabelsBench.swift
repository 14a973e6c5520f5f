// Times link-icd beside DuckDB on a MIMIC-IV of full size, and checks that every planted case came out.

import ArgumentParser
import Catalog
import EchoCore
import Files
import Foundation
import GRDB
import Hospital
import Labels

struct LabelsBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "labels",
        abstract: "Times link-icd beside DuckDB on a synthetic MIMIC-IV 3.1.",
        discussion: """
            First link-icd runs once by every rule of --window, and what it finds is compared with what was planted. \
            Then both read the same csv.gz and write the same SQLite tables, each in a process of its own, in turns. \
            At last the queries of docs/queries.md are timed, on a database with a row for every file too.
            """)

    @Option(help: "Where the synthetic tables are, or are to be; a folder that goes afterwards if not given.")
    var folder: String?
    @Option(help: "One n-th of the full size.") var divisor = 1
    @Option(help: "How often each is timed.") var turns = 5
    @Option(help: "Seed of the tables.") var seed: UInt64 = 1
    @Option(help: "The Python of .oracle, to race DuckDB.") var python: String?

    func validate() throws {
        guard turns > 0, divisor > 0 else { throw ValidationError("--turns and --divisor are above 0") }
    }

    func run() throws {
        let temporary = FileManager.default.temporaryDirectory.appendingPathComponent("echobench-\(getpid())")
            .path
        let folder = folder ?? temporary
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        let planted = try tables(in: folder)
        try makeFolder(temporary)
        let dataset = "\(temporary)/dataset"
        try check(planted, folder, dataset)
        try race(folder, dataset, peer: "\(temporary)/peer.sqlite")
        try timeQueries(dataset)
    }

    private func tables(in folder: String) throws -> Planted {
        let file = folder + "/planted.json"
        if let bytes = try? readFile(file) {
            return try JSONDecoder().decode(Planted.self, from: Data(bytes))
        }
        let planted = try writeHospital(to: folder, size: .full.divided(by: divisor), seed: seed)
        try writeFile(file, try JSONEncoder().encode(planted))
        return planted
    }

    private func link(_ folder: String, _ dataset: String, _ options: String...) throws -> FinishedChild {
        let program = CommandLine.arguments[0].replacing(/echobench$/, with: "echoprep")
        let arguments = [
            "link-icd", "--dataset", dataset, "--mimic-iv", folder + "/hosp", "--echo", folder + "/echo",
        ]
        return try FinishedChild([program] + arguments + options)
    }

    // MARK: What was planted

    /// Links by every rule and with `--strict-codes`, the default last, and compares with what was planted.
    private func check(_ planted: Planted, _ folder: String, _ dataset: String) throws {
        print("link-icd, \(grouped(planted.cases.values.reduce(0, +))) studies, as planted by every rule")
        let labelled = StudyStatus.labelled.rawValue
        for window in StayWindow.Ends.allCases.reversed() {
            _ = try link(folder, dataset, "--window", window.rawValue)
            let found = try Found(dataset)
            let statuses = planted.statuses[window.rawValue] ?? [:]
            let candidates = planted.candidates[window.rawValue] ?? 0
            guard
                found
                    == Found(statuses: statuses, candidates: candidates, diagnoses: planted.diagnoses)
            else { throw EchoError("--window \(window.rawValue)", "found \(found), planted \(planted)") }
            print(
                "  \(padded(window.rawValue, 12)) \(grouped(statuses[labelled] ?? 0)) labelled, "
                    + "\(grouped(candidates)) stays that may hold a study")
        }
        _ = try link(folder, dataset, "--strict-codes")
        let kept = try Found(dataset).statuses[labelled] ?? 0
        let expected =
            (planted.statuses[StayWindow.Ends.closed.rawValue]?[labelled] ?? 0) - planted.retiredOnly
        guard kept == expected else {
            throw EchoError("--strict-codes", "labels \(kept) studies, planted \(expected)")
        }
        print("  strict codes \(grouped(kept)) labelled")
    }

    /// What the database holds of what is planted.
    fileprivate struct Found: Equatable {
        var statuses: [String: Int], candidates: Int
        /// By version.
        var diagnoses: [String: Int]
    }

    // MARK: The race

    private func race(_ folder: String, _ dataset: String, peer: String) throws {
        var ours: [FinishedChild] = [], theirs: [Double] = []
        // The first turn, which warms the page cache, does not count.
        for turn in 0...turns {
            try? FileManager.default.removeItem(atPath: dataset)
            let run = try link(folder, dataset)
            if turn > 0 { ours.append(run) }
            guard let python else { continue }
            let other = try FinishedChild([python, "Tests/Oracles/bench_labels.py", folder, peer])
            let seconds = Double(other.output.split(separator: "\n").last ?? "") ?? other.seconds
            if turn > 0 { theirs.append(seconds) }
        }
        let memory = ours.map(\.peakMebibytes).max() ?? 0
        print("reading, linking and writing, \(turns) turns")
        print("  echoprep  \(seconds(ours.map(\.seconds))), at most \(memory) MiB of memory")
        if python != nil {
            let share = String(format: "%.2f", median(ours.map(\.seconds)) / median(theirs))
            print("  DuckDB    \(seconds(theirs)), without its start; echoprep takes \(share) of it")
        }
    }

    private func seconds(_ values: [Double]) -> String {
        String(format: "%.2f s (%.2f to %.2f)", median(values), values.min() ?? 0, values.max() ?? 0)
    }

    // MARK: The queries

    private func timeQueries(_ dataset: String) throws {
        let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
        try catalog.fillUp()
        let times = try QueryTime.all(of: "docs/queries.md", in: catalog)
        let slowest = times.map(\.milliseconds).max() ?? 0
        print("\(times.count) queries of docs/queries.md, the slowest \(String(format: "%.1f", slowest)) ms")
        for time in times {
            print(
                String(format: "%8.1f ms", time.milliseconds)
                    + "  \(padded("\(time.rows)", 5)) rows  \(time.question)")
        }
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0)
    }
}

extension LabelsBench.Found {
    /// What the labels of a dataset are.
    fileprivate init(_ dataset: String) throws {
        let catalog = try Catalog(datasetFolder: dataset, readOnly: true)
        func counts(_ sql: String) throws -> [String: Int] {
            try catalog.read { db in
                Dictionary(uniqueKeysWithValues: try Row.fetchAll(db, sql: sql).map { ($0[0], $0[1]) })
            }
        }
        self.init(
            statuses: try counts("SELECT status, count(*) FROM study_status GROUP BY status"),
            candidates: try catalog.read { db in
                try Int.fetchOne(db, sql: "SELECT count(*) FROM study_admission") ?? 0
            },
            diagnoses: try counts(
                "SELECT CAST(icd_version AS TEXT), count(*) FROM diagnoses_icd GROUP BY icd_version"))
    }
}
