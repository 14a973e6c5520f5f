// A dataset with everything that the page can show, and the built program that serves it.

import Foundation
import GRDB
import Testing
import TestSupport

/// `echoprep review` of a dataset of its own.
final class Served: @unchecked Sendable {
    let folder: URL
    var dataset: URL { folder.appendingPathComponent("dataset") }
    private(set) var url = ""
    private var process: Process?
    private let arguments: [String]

    /// The address without its token.
    var place: String { String(url.prefix { $0 != "#" }) }
    private var port: String { String(place.split(separator: ":").last?.prefix(while: \.isNumber) ?? "0") }

    /// Calls `body` with a program that serves a dataset, of so many clips if that is given.
    static func with(
        _ arguments: String..., of sample: Sample = .small, clips: Int? = nil,
        _ body: (Served) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("echoprep-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let original = try sample.made()
        try FileManager.default.copyItem(
            at: original.appendingPathComponent("dataset"), to: folder.appendingPathComponent("dataset"))
        let run = original.appendingPathComponent("icd").path
        let served = Served(folder, arguments.map { $0 == "icd" ? run : $0 })
        if let clips { try served.grow(to: clips) }
        try await served.start()
        defer { served.kill() }
        try await body(served)
    }

    private init(_ folder: URL, _ arguments: [String]) {
        self.folder = folder
        self.arguments = arguments
    }

    /// Starts the program, again on the port that it had.
    func start() async throws {
        let log = folder.appendingPathComponent("review-\(UUID().uuidString).log")
        try Data().write(to: log)
        let process = try Built.start(
            ["review", dataset.path, "--rater", "KH", "--port", port] + arguments,
            output: try FileHandle(forWritingTo: log))
        self.process = process
        url = try await line(of: log, containing: "#token=", by: process).trimmingCharacters(in: .whitespaces)
    }

    /// As a power cut does.
    func kill() {
        guard let process else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// Rows of the decisions' file.
    func stored<Row: DatabaseValueConvertible & Sendable>(
        _ sql: String, as type: Row.Type = Row.self
    ) throws -> [Row] { try rows(of: "review.sqlite", sql) }

    /// Rows of the dataset's catalog.
    func catalogued<Row: DatabaseValueConvertible & Sendable>(
        _ sql: String, as type: Row.Type = Row.self
    ) throws -> [Row] { try rows(of: "echoprep.sqlite", sql) }

    private func rows<Row: DatabaseValueConvertible & Sendable>(of file: String, _ sql: String) throws
        -> [Row]
    {
        try DatabaseQueue(path: dataset.appendingPathComponent(file).path)
            .read { try Row.fetchAll($0, sql: sql) }
    }

    /// Clips again under other names, whose frames are the same.
    private func grow(to count: Int) throws {
        try DatabaseQueue(path: dataset.appendingPathComponent("echoprep.sqlite").path).write { db in
            let columns = try db.columns(in: "clip").map(\.name).filter { $0 != "id" }
            let values = columns.map { name in
                switch name {
                case "study_key": "study_key || '-' || n"
                case "name": "study_key || '-' || n || '/' || substr(name, length(study_key) + 2)"
                case "path": "n || '/' || path"
                case "tensor": "iif(kept, coalesce(tensor, name), NULL)"
                case "sop_key": "NULL"
                default: name
                }
            }
            try db.execute(
                sql: """
                    WITH RECURSIVE again (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM again WHERE n < ?)
                    INSERT INTO clip (\(columns.joined(separator: ", ")))
                    SELECT \(values.joined(separator: ", ")) FROM again, clip ORDER BY n, clip.id
                    LIMIT ? - (SELECT count(*) FROM clip)
                    """, arguments: [count, count])
        }
    }
}

/// A dataset that the others are copies of, made once: kept and dropped clips, labels, a run.
enum Sample {
    /// Small frames for the tests; as sharp as the real ones, to be looked at.
    case small, sharp

    private static let ofSmall = Result {
        try make(["--studies", "8", "--frames", "6", "--size", "177x254"])
    }
    private static let ofSharp = Result {
        try make(["--studies", "24", "--frames", "24", "--size", "354x508"])
    }

    private static let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("echoprep-\(UUID().uuidString)", isDirectory: true)

    fileprivate func made() throws -> URL { try (self == .small ? Self.ofSmall : Self.ofSharp).get() }

    private static func make(_ size: [String]) throws -> URL {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(at: Sample.folder) }
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        for command in [
            // The first study of this seed has labels, and begins with clips that are kept.
            ["phantom", path("phantom"), "--seed", "3"] + size,
            ["ingest", path("phantom/mimic-iv-echo"), "--dataset", path("dataset")],
            [
                "link-icd", "--dataset", path("dataset"), "--mimic-iv", path("phantom/mimiciv/hosp"),
                "--split",
                "66/8/26",
            ],
            [
                "train", "--dataset", path("dataset"), "--run", path("icd"), "--task", "icd", "--preset",
                "tiny",
                "--views", "2", "--frames", "2", "--epochs", "1", "--batch", "4",
            ],
        ] {
            let outcome = try Built.run(command)
            #expect(outcome.status == 0, "\(command): \(outcome.errors)")
        }
        return folder
    }
}
