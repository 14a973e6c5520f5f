// What `--share` leaves of an export: no numbers, names, paths, times or sums of the source, and no label of few people.

import Catalog
import EchoCore
import Files
import Foundation
import GRDB
import Scoring

/// Numbers in place of names, from 1, in an order that nobody knows who has not the data: by a sum over the name and a secret.
struct Aliases {
    private var numbers: [String: Int] = [:]

    /// - Parameter secret: what outsiders do not have, as a sum over all pixels
    init(_ names: some Sequence<String>, secret: String) {
        let ordered = Set(names).map { (sum: sha256(Array("\(secret) \($0)".utf8)), name: $0) }.sorted {
            $0.sum < $1.sum
        }
        for (index, entry) in ordered.enumerated() { numbers[entry.name] = index + 1 }
    }

    subscript(_ name: String) -> Int { numbers[name] ?? 0 }
}

/// Labels that too few people have say who they are.
struct CommonLabels {
    /// Of one label, the people who have it, and who are known not to have it.
    private var having: [String: Set<String>] = [:], lacking: [String: Set<String>] = [:]
    /// Whether it is a number, not a yes or no.
    private var quantities: Set<String> = []

    mutating func count(_ label: String, _ value: Double, of person: String) {
        if value != 0, value != 1 { quantities.insert(label) }
        if value == 0 {
            lacking[label, default: []].insert(person)
        } else {
            having[label, default: []].insert(person)
        }
    }

    /// Whether ten people have it, and ten or none are said not to have it; of a number, whether it is known of ten.
    func isCommon(_ label: String) -> Bool {
        let have = having[label]?.count ?? 0, lack = lacking[label]?.count ?? 0
        if quantities.contains(label) { return have + lack >= Answers.fewest }
        return have >= Answers.fewest && (lack == 0 || lack >= Answers.fewest)
    }
}

extension ClipFacts {
    /// Whose it is: the subject, or the study where subjects have no numbers.
    var person: String { subjectID.map { "\($0)" } ?? study }

    /// Clips and labels for outsiders: studies and subjects by aliases, in their order, clips by their place in the study.
    static func shared(_ clips: [ClipFacts], _ labels: LeavingLabels) -> ([ClipFacts], LeavingLabels) {
        let secret = Files.sha256(
            Array(
                clips.map { "\($0.name) \($0.sha256 ?? "") \($0.checksum ?? "")" }.joined(separator: "\n")
                    .utf8))
        let studies = Aliases(clips.map(\.study), secret: "study \(secret)")
        let subjects = Aliases(clips.map(\.person), secret: "subject \(secret)")
        var common = CommonLabels()
        for clip in clips {
            for (source, values) in labels.labels(of: clip) {
                for (target, value) in values { common.count("\(source) \(target)", value, of: clip.person) }
            }
        }
        var counts: [String: Int] = [:]
        var shared: [ClipFacts] = [], kept = LeavingLabels()
        for clip in clips {
            counts[clip.study, default: 0] += 1
            let alias = ClipFacts(
                name: "\(studies[clip.study])/\(counts[clip.study] ?? 0)", tensor: clip.tensor,
                shard: clip.shard,
                frames: clip.frames, framesPerSecond: clip.framesPerSecond, frameTimes: clip.frameTimes,
                study: "\(studies[clip.study])", studyID: nil, subjectID: Int64(subjects[clip.person]),
                kind: clip.kind, sha256: nil, checksum: clip.checksum, split: clip.split)
            shared.append(alias)
            for (source, values) in labels.labels(of: clip) {
                for (target, value) in values where common.isCommon("\(source) \(target)") {
                    kept.add(source, target, value, to: alias)
                }
            }
        }
        return (shared.sorted { Int($0.study) ?? 0 < Int($1.study) ?? 0 }, kept)
    }
}

extension ExportTable {
    /// A table of labels for outsiders: studies and subjects by numbers of their own in an order of chance, without stays and
    /// times, and without targets that fewer than ten subjects have, or lack.
    func shared(targets: [String]) -> ExportTable {
        func values(_ name: String) -> [DatabaseValue] { columns.first { $0.name == name }?.values ?? [] }
        let subjects = values("subject_id").map { Int64.fromDatabaseValue($0).map { "\($0)" } ?? "" }
        let secret = "\(SystemRandomNumberGenerator.secret) \(SystemRandomNumberGenerator.secret)"
        let people = Aliases(subjects, secret: secret)
        let order = Array(0..<rowCount).shuffled()
        var common = CommonLabels()
        for target in targets {
            for (value, subject) in zip(values(target), subjects) {
                if let value = Double.fromDatabaseValue(value) { common.count(target, value, of: subject) }
            }
        }
        var shared = ["study", "subject"].map { Column($0, .integer) }
        shared[0].values = order.indices.map { ($0 + 1).databaseValue }
        shared[1].values = order.map { people[subjects[$0]].databaseValue }
        for column in columns
        where column.name == "split" || targets.contains(column.name) && common.isCommon(column.name) {
            let values = column.values
            shared.append(column)
            shared[shared.count - 1].values = order.map { values[$0] }
        }
        return ExportTable(columns: shared)
    }
}

extension SystemRandomNumberGenerator {
    fileprivate static var secret: UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
