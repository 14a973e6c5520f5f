// Times link-icd beside DuckDB on a MIMIC-IV of full size, and checks that every planted case came out.

import ArgumentParser
import EchoCore
import Files
import Foundation
import Hospital
import Labels

struct LabelsBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "labels",
        abstract: "Times link-icd beside DuckDB on a synthetic MIMIC-IV 3.1.",
        discussion: """
            Both read the same csv.gz and write the same SQLite tables, each in a process of its own, in turns; \
            the first turn, which warms the page cache, does not count.
            """)

    @Option(help: "Where the synthetic tables are, or are to be; a folder that goes afterwards if not given.")
    var folder: String?
    @Option(help: "One n-th of the full size.") var divisor = 1
    @Option(help: "How often each is timed.") var turns = 5
    @Option(help: "Seed of the tables.") var seed: UInt64 = 1
    @Option(help: "The Python of .oracle, to race DuckDB.") var python: String?

    func run() throws {
        let temporary = FileManager.default.temporaryDirectory.appendingPathComponent("echobench-\(getpid())")
            .path
        let folder = folder ?? temporary
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        let planted = try tables(in: folder)
        var ours: [Double] = [], theirs: [Double] = [], memory = 0
        let link = CommandLine.arguments[0].replacing(/echobench$/, with: "echoprep")
        for turn in 0...turns {
            let dataset = "\(temporary)/dataset"
            try? FileManager.default.removeItem(atPath: dataset)
            try makeFolder(temporary)
            let run = try time([
                link, "link-icd", "--dataset", dataset, "--mimic-iv", folder + "/hosp", "--echo",
                folder + "/echo",
                "--json",
            ])
            if turn == 0 { try check(run.output, planted) } else { ours.append(run.seconds) }
            // The system knows the most that any child had: asked before the peer is one.
            if turn == 0 { memory = run.kibibytes }
            if let python {
                let script = "Tests/Oracles/bench_labels.py"
                let peer = try time([python, script, folder, "\(temporary)/peer.sqlite"])
                if turn > 0 {
                    theirs.append(Double(peer.output.split(separator: "\n").last ?? "") ?? peer.seconds)
                }
            }
        }
        print("link-icd, \(grouped(planted.cases.values.reduce(0, +))) studies, every planted case came out")
        print("  echoprep  \(seconds(ours)), at most \(memory / 1024) MiB of memory")
        if python != nil {
            print(
                "  DuckDB    \(seconds(theirs)), without its start; echoprep takes \(ratio(ours, theirs)) of it"
            )
        }
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

    private func check(_ output: String, _ planted: Planted) throws {
        struct Summary: Decodable { let statuses: [String: Int] }
        let summary = try JSONDecoder().decode(Summary.self, from: Data(output.utf8))
        guard summary.statuses == planted.statuses["closed"] else {
            throw EchoError(
                "link-icd", "found \(summary.statuses), planted \(planted.statuses["closed"] ?? [:])")
        }
    }

    private func time(_ arguments: [String]) throws -> (seconds: Double, kibibytes: Int, output: String) {
        let process = Process(), output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardOutput = output
        let start = ContinuousClock.now
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let seconds = start.duration(to: .now) / .seconds(1)
        guard process.terminationStatus == 0 else {
            throw EchoError(arguments[0], "ended with \(process.terminationStatus)")
        }
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
        return (seconds, Int(usage.ru_maxrss), text)
    }

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    private func seconds(_ values: [Double]) -> String {
        String(format: "%.2f s (%.2f to %.2f)", median(values), values.min() ?? 0, values.max() ?? 0)
    }
    private func ratio(_ ours: [Double], _ theirs: [Double]) -> String {
        String(format: "%.2f", median(ours) / median(theirs))
    }
}
