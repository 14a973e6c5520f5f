// Labels on their way into the table `label`: taken as they come, then written in the order in which they lie there.

import Catalog
import EchoCore
import Foundation
import GRDB

/// The labels of one source in the making, inside a transaction of the caller. However many they are, they lie on the disk;
/// in memory are the keys, each once.
final class StagedLabels {
    /// A label of one target: the number of its key, where it stands, and its value, NaN for unknown.
    private struct Entry {
        let key: Int32, line: Int32
        let value: Double
    }

    /// The labels of a target: those that wait, and the rows of `staged` that hold the others.
    private struct Target {
        let name: String
        /// What it is an answer to, one of several.
        let field: String?
        var waiting: [Entry] = []
        var blocks: [Int64] = []
        var known = 0, unknown = 0
    }

    private static let blockSize = 1024
    /// Answers to one question at most: names, dates and remarks are none.
    private static let mostAnswers = 200
    private let db: Database
    private let source: String
    private let unit: LabelSource.Unit
    private var targets: [Target] = []
    private var places: [String: Int] = [:]
    /// In the order of their numbers, and once all are known in that of the table.
    private var keys: [String] = []
    private var numbers: [String: Int32] = [:]
    /// The place of each number in that order, and whether something is said of the key that stands there.
    private var ranks: [Int32] = [], isUsed: [Bool] = []
    /// Targets that turned out to be none: columns of text, and the probabilities beside them.
    private var dropped = Set<String>()

    init(_ db: Database, source: String, unit: LabelSource.Unit) throws {
        self.db = db
        self.source = source
        self.unit = unit
        try db.execute(sql: "CREATE TEMP TABLE staged (id INTEGER PRIMARY KEY, labels BLOB NOT NULL)")
    }

    /// The number of a study, subject or clip.
    func key(_ name: String) -> Int32 {
        if let number = numbers[name] { return number }
        let number = Int32(keys.count)
        keys.append(name)
        numbers[name] = number
        return number
    }

    /// The number of a target.
    func target(_ name: String, of field: String? = nil) -> Int {
        if let place = places[name] { return place }
        places[name] = targets.count
        targets.append(Target(name: name, field: field))
        return targets.count - 1
    }

    /// Adds a label; nil is unknown.
    func add(_ target: Int, key: Int32, _ value: Double?, line: Int) throws {
        targets[target].waiting.append(
            Entry(key: key, line: Int32(clamping: line + 1), value: value ?? .nan))
        guard targets[target].waiting.count == Self.blockSize else { return }
        let block = targets[target].waiting.withUnsafeBytes { Data($0) }
        try db.cachedStatement(sql: "INSERT INTO temp.staged (labels) VALUES (?)").execute(arguments: [block])
        targets[target].blocks.append(db.lastInsertedRowID)
        targets[target].waiting.removeAll(keepingCapacity: true)
    }

    /// Adds the answer to a question, which other targets are answers to as well; what a column of the question's own says
    /// counts no more.
    ///
    /// - Parameter value: 1, or how probable it is
    /// - Throws: `EchoError` where there are too many different ones
    func add(answer: String, to field: String, key: Int32, _ value: Double, place: String, line: Int) throws {
        let name = LabelField.target(field, answer), isNew = places[name] == nil
        let target = target(name, of: field)
        if isNew, targets.count(where: { $0.field == field }) > Self.mostAnswers {
            throw EchoError(
                "\(place): line \(line)",
                "the column \(field) has more than \(Self.mostAnswers) different texts, and is no choice of a few",
                try: "leave the column out")
        }
        try add(target, key: key, value, line: line)
    }

    /// Leaves out a target, whatever was said of it.
    func drop(_ target: String) { dropped.insert(target) }

    /// Replaces the source's labels.
    ///
    /// - Throws: `EchoError` where something has a target twice
    func finish(run: Int64, place: String) throws {
        try Catalog.willReplaceLabels(db, of: source)
        try db.execute(sql: "DELETE FROM label WHERE source = ?", arguments: [source])
        try db.execute(sql: "INSERT OR REPLACE INTO label_source VALUES (?, ?)", arguments: [source, run])
        targets.removeAll { dropped.contains($0.name) }
        targets.sort { $0.name < $1.name }
        sortKeys()
        isUsed = Array(repeating: false, count: keys.count)
        // Of each key that a field says something of, which of its answers that was.
        var answered: [String: Set<Int32>] = [:]
        for index in targets.indices {
            try Interruption.check()
            let found = try entries(of: targets[index], place: place)
            if let field = targets[index].field {
                for entry in found where entry.line > 0 {
                    guard answered[field, default: []].insert(entry.key).inserted else {
                        throw again(place, line: entry.line)
                    }
                }
            }
            try write(found, of: &targets[index])
        }
        try db.execute(sql: "DROP TABLE staged")
    }

    /// Brings the keys into the order of the table's, one behind the other in memory too: then each row is written behind
    /// the last.
    private func sortKeys() {
        numbers = [:]
        let order = keys.indices.sorted { keys[$0] < keys[$1] }
        keys = order.map { String(decoding: Array(keys[$0].utf8), as: UTF8.self) }
        ranks = Array(repeating: 0, count: order.count)
        for (rank, number) in order.enumerated() { ranks[number] = Int32(rank) }
    }

    private func again(_ place: String, line: Int32) -> EchoError {
        EchoError("\(place): line \(line - 1)", "names a \(unit.rawValue) a second time")
    }

    /// The labels of a target in the order of their keys; where there is none, the line is 0.
    private func entries(of target: Target, place: String) throws -> [Entry] {
        var found = [Entry](repeating: Entry(key: 0, line: 0, value: .nan), count: keys.count)
        var second: Int32?
        func take(_ entry: Entry) {
            let rank = Int(ranks[Int(entry.key)]), former = found[rank]
            if former.line > 0 { second = min(second ?? .max, max(former.line, entry.line)) }
            found[rank] = entry
        }
        let read = try db.cachedStatement(sql: "SELECT labels FROM temp.staged WHERE id = ?")
        for block in target.blocks {
            let bytes = try Data.fetchOne(read, arguments: [block]) ?? Data()
            bytes.withUnsafeBytes { $0.withMemoryRebound(to: Entry.self) { $0.forEach(take) } }
        }
        target.waiting.forEach(take)
        if let second { throw again(place, line: second) }
        return found
    }

    private func write(_ entries: [Entry], of target: inout Target) throws {
        func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }
        let row = "(\(quoted(source)), \(quoted(unit.rawValue)), \(quoted(target.name)), ?, ?)"
        try Inserter.fill(db, "label", row: row) { rows in
            for rank in entries.indices where entries[rank].line > 0 {
                let value = entries[rank].value
                rows.add(keys[rank])
                if value.isNaN { rows.addNull() } else { rows.add(value) }
                try rows.insert()
                isUsed[rank] = true
                if value.isNaN { target.unknown += 1 } else { target.known += 1 }
            }
        }
    }

    /// What the dataset has of that unit, of which there is a label.
    func there() throws -> Int {
        let all =
            switch unit {
            case .study: "SELECT DISTINCT study_key FROM clip WHERE kept = 1"
            case .subject: "SELECT DISTINCT CAST(subject_id AS TEXT) FROM clip WHERE subject_id IS NOT NULL"
            case .clip: "SELECT name FROM clip WHERE kept = 1"
            }
        var count = 0
        let names = try String.fetchCursor(db, sql: all)
        while let name = try names.next() {
            if let rank = rank(of: name), isUsed[rank] { count += 1 }
        }
        return count
    }

    /// The place of a key among all, once they are sorted.
    private func rank(of name: String) -> Int? {
        var low = 0, high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < name { low = middle + 1 } else { high = middle }
        }
        return low < keys.count && keys[low] == name ? low : nil
    }

    /// What stands in `label` now.
    ///
    /// - Parameter order: the targets, and questions, in the order of the summary; empty for that of their names
    func summary(order: [String], splits: [String: Int], drawn: Bool) throws -> ImportSummary {
        let places = Dictionary(order.enumerated().map { ($1, $0) }) { first, _ in first }
        let sorted = targets.enumerated().sorted {
            (places[$0.element.field ?? $0.element.name] ?? 0, $0.offset)
                < (places[$1.element.field ?? $1.element.name] ?? 0, $1.offset)
        }
        let there = try there()
        return ImportSummary(
            name: source, unit: unit.rawValue,
            targets: sorted.map(\.element).map {
                ImportSummary.Target(name: $0.name, known: $0.known, unknown: $0.unknown)
            },
            there: there, others: isUsed.count(where: \.self) - there, splits: splits, drawn: drawn)
    }
}
