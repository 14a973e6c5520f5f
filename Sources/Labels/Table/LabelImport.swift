// Labels of one's own: a csv file becomes a source of the one label table.

package import Catalog
package import EchoCore
import GRDB

/// What `echoprep label import` is asked to do.
package struct ImportOptions: Sendable {
    /// What the labels are called.
    package var name: String
    /// What a row of the file is of.
    package var unit: LabelSource.Unit
    /// How splits are drawn where neither the file nor the dataset has any.
    package var split: SplitRule
    /// As typed, for the table `run`.
    package var commandLine: String

    package init(
        name: String, unit: LabelSource.Unit = .study, split: SplitRule = .usual,
        commandLine: String = "label import"
    ) {
        self.name = name
        self.unit = unit
        self.split = split
        self.commandLine = commandLine
    }
}

/// What it did.
package struct ImportSummary: Codable, Sendable, Equatable {
    package let name: String
    /// "study", "subject" or "clip".
    package let unit: String
    /// For each target, in the order of the file's columns, or by name: rows with a value, and with none.
    package let targets: [Target]
    /// Studies (or subjects, clips) that the dataset has, and others, which are kept as well.
    package let there: Int, others: Int
    /// Studies of each split, where the import wrote splits, and whether it drew them.
    package let splits: [String: Int]
    package let drawn: Bool

    package struct Target: Codable, Sendable, Equatable {
        package let name: String
        package let known: Int, unknown: Int
    }

    /// The lines that `label import` prints.
    package var text: String {
        let rest = others == 0 ? "" : ", and \(grouped(others)) that the dataset does not have"
        let units = LabelSource.Unit(rawValue: unit)?.plural ?? unit
        var lines = ["\(name): \(grouped(there)) \(units) of the dataset\(rest)"]
        lines += targets.map { "  \($0.name): \(grouped($0.known)) known, \(grouped($0.unknown)) unknown" }
        if !splits.isEmpty {
            let counts = Split.allCases.map { "\(grouped(splits[$0.rawValue] ?? 0)) \($0.rawValue)" }
            let how = drawn ? ", drawn by subject, or by study where subjects are not known" : ""
            lines.append("  splits: \(counts.joined(separator: ", "))\(how)")
        }
        return lines.joined(separator: "\n")
    }
}

/// Puts the labels of a csv file, plain or gzipped, into the table `label` as the source `options.name`, in place of those
/// that it had there.
///
/// A row has the key of a study, subject or clip, and a column a target; or, in long form, the columns `key`, `target` and
/// `value`. A value is a number, or empty for *unknown*. Of clips a column of text becomes a target COLUMN=TEXT for each of
/// its texts, 1 or as probable as the column COLUMN_probability or probability says, for the clips that have it. A column `split` says where a study belongs; without one, a dataset
/// that has no splits gets them drawn.
///
/// - Throws: `EchoError` for a file that is none of these; then nothing is changed
package func importLabels(dataset: String, file: String, options: ImportOptions) throws -> ImportSummary {
    try checkName(options.name)
    let table = try LabelFile(file, unit: options.unit)
    let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
    return try catalog.writeUnchecked { db in
        let run = try Catalog.insertRun(
            db, "label import", commandLine: options.commandLine,
            rules: ["name": options.name, "unit": options.unit.rawValue])
        let staged = try StagedLabels(db, source: options.name, unit: options.unit)
        let splits = try table.read(into: staged, in: db)
        try staged.finish(run: run, place: table.place)
        guard try staged.there() > 0 else {
            throw EchoError(
                table.place, "names no \(options.unit.rawValue) that the dataset has clips of",
                try: table.remedy)
        }
        let written = try ImportedSplits(db, rule: options.split).write(
            splits, of: options.unit, place: table.place)
        try Catalog.finishRun(db, run)
        return try staged.summary(order: table.targets, splits: written.counts, drawn: written.drawn)
    }
}

/// What own labels may be called.
func checkName(_ name: String) throws(EchoError) {
    guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) })
    else {
        throw EchoError(
            "--name", "is not made of letters, digits, - and _", try: "--name gls", isUsage: true)
    }
    guard !LabelSource.all.map(\.name).contains(name) else {
        throw EchoError(
            "--name \(name)", "is a source of echoprep's own", try: "choose another name", isUsage: true)
    }
}
