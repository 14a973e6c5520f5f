// link-icd from end to end: read the tables, link, label, choose targets, write all of it in one transaction.

import Catalog
import EchoCore
import Foundation

/// Labels the studies of a dataset from MIMIC-IV's diagnoses.
///
/// The rules are those of `docs/labels.md`. Previous labels are replaced in one transaction: after an error they are
/// still there. The same files and rules give the same rows, and writing them again changes nothing.
///
/// - Parameters:
///   - dataset: the dataset folder; made where it is missing
///   - mimicIV: the folder of MIMIC-IV, or its `hosp`
/// - Throws: `EchoError` for a file that cannot be used; `Interrupted`
public func linkICD(dataset: String, mimicIV: String, options: LinkOptions) throws -> LinkSummary {
    let echo = if let named = options.echo { named } else { try ingestedFolder(of: dataset) }
    let cohort = try Cohort(echo: echo, hosp: mimicIV, splitFile: options.splitFile)
    let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
    if let summary = try catalog.unchangedLabels(cohort: cohort, options: options) { return summary }

    let release = ICD10CM.current
    let statuses = cohort.codes.map { $0.version == 9 ? .icd9 : release.status(of: $0.text) }
    let categories = zip(cohort.codes, statuses).map { code, status -> String? in
        switch status {
        case .leaf, .notLeaf: release.category(of: code.text)
        case .retired: options.strictCodes ? nil : release.category(of: code.text)
        case .unknown, .icd9: nil
        }
    }
    let labellings = cohort.labellings(window: options.window, categories: categories)
    var split: [Int: Split] = [:]
    for study in cohort.studies {
        let subject = study.subject
        split[subject] =
            if let given = cohort.split { given[subject] } else { options.split.split(of: subject) }
    }
    let labels = Labels(
        cohort: cohort, statuses: statuses, labellings: labellings, split: split,
        targets: options.targets.choose(from: labellings, split: split))
    return try catalog.replaceLabels(with: labels, options: options)
}

/// The folder that the dataset's clips came from.
private func ingestedFolder(of dataset: String) throws(EchoError) -> String {
    let remedy = "name the folder of echo-study-list.csv with --echo"
    guard FileManager.default.fileExists(atPath: "\(dataset)/\(Catalog.fileName)") else {
        throw EchoError(
            "--dataset", "holds no clips yet, so the folder of MIMIC-IV-ECHO is not known", try: remedy)
    }
    guard
        let source = try Catalog(datasetFolder: dataset, readOnly: true).lastRun(of: "ingest")?.rules[
            "source"]
    else { throw EchoError("--dataset", "does not say where its clips came from", try: remedy) }
    return source
}

/// All that link-icd writes.
struct Labels {
    let cohort: Cohort
    /// What the release knows of each of the cohort's codes.
    let statuses: [CodeStatus]
    let labellings: [StudyLabelling]
    /// The split of each subject; missing where a split file does not hold it.
    let split: [Int: Split]
    let targets: [TargetRule.Choice]
}
