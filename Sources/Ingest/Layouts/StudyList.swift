// What EchoNet's FileList.csv says of its videos, gathered by study: the ejection fraction and the split.

import Catalog
import EchoCore

/// The studies of one or more file lists, as their rows are read.
struct StudyList {
    private struct Entry {
        var fractions: [Double] = []
        let listSplit: String?
    }

    private var entries: [String: Entry] = [:]

    /// Takes in a row of a study. A study of several files has the mean of their ejection fractions and the split of the
    /// first, so it is never in two.
    ///
    /// - Parameter fraction: in percent, or a share up to 1; what is neither counts as not known
    mutating func add(_ study: String, fraction: String?, split: String?) {
        var entry = entries[study] ?? Entry(listSplit: split.flatMap { $0.isEmpty ? nil : $0 })
        let value = fraction.flatMap(decimalNumber).flatMap { ejectionFraction($0, hasUnit: false) }
        if let value { entry.fractions.append(value) }
        entries[study] = entry
    }

    /// Takes in the studies of another list that are not in this one yet, and the fractions of those that are.
    mutating func merge(_ other: StudyList) {
        entries.merge(other.entries) { mine, theirs in
            var both = mine
            both.fractions += theirs.fractions
            return both
        }
    }

    /// The numbers that stand in place of splits.
    private var folds: [Int] { Set(entries.values.compactMap { $0.listSplit.flatMap { Int($0) } }).sorted() }
    var hasFolds: Bool { !folds.isEmpty }

    /// The studies, with what their splits mean.
    ///
    /// The words that `Split(named:)` knows mean what they say. Where the splits are folds, `testFold` is the split test, the
    /// one that follows it val (the first follows the last), and the others are train.
    func studies(testFold: Int) throws(EchoError) -> [ListedStudy] {
        let folds = folds
        guard folds.isEmpty || folds.contains(testFold) else {
            throw EchoError(
                "--test-fold", "the file list has no fold \(testFold)",
                try: "its folds are \(folds.map(String.init).joined(separator: ", "))")
        }
        let validation = folds.first { $0 > testFold } ?? folds.first
        func meaning(of split: String) -> Split? {
            guard let fold = Int(split) else { return Split(named: split) }
            return fold == testFold ? .test : fold == validation ? .val : .train
        }
        return entries.sorted { $0.key < $1.key }.map { study, entry in
            let sum = entry.fractions.reduce(0, +)
            return ListedStudy(
                key: study,
                ejectionFraction: entry.fractions.isEmpty ? nil : sum / Double(entry.fractions.count),
                listSplit: entry.listSplit, split: entry.listSplit.flatMap(meaning))
        }
    }
}
