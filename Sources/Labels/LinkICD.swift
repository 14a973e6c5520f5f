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
package func linkICD(dataset: String, mimicIV: String, options: LinkOptions) throws -> LinkSummary {
    let echo = if let named = options.echo { named } else { try ingestedFolder(of: dataset) }
    if options.split.stratified, options.targets.basis == .train {
        throw EchoError(
            "--stratify", "needs the targets before the split, --fit-on train the split before the targets",
            try: "leave out one of them")
    }
    let sources = try Sources(echo: echo, hosp: mimicIV, options: options)
    let files = try sources.examine()
    let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
    if let summary = try catalog.unchangedLabels(files: files, options: options) { return summary }
    let studies = try CohortTables.readStudies(sources.studyList)
    let labels = Background {
        _ = ICD10CM.current  // decoded meanwhile
        return Labels(try CohortTables(sources, studies: studies, options: options), options)
    }
    return try catalog.replaceLabels(files: files, options: options) { tables in
        // The longest table goes from its file into the database while the others are read and labels are made.
        let records = try tables.insertRecords(of: sources.recordList, studies: studies.value)
        var labels = try labels.value()
        _ = try labels.cohort.take(records, of: sources.recordList)
        return labels
    }
}

/// The folder that the dataset's clips came from.
private func ingestedFolder(of dataset: String) throws(EchoError) -> String {
    let remedy = "name the folder of echo-study-list.csv with --echo"
    guard let catalog = try Catalog.ifThere(datasetFolder: dataset) else {
        throw EchoError(
            "--dataset", "holds no clips yet, so the folder of MIMIC-IV-ECHO is not known", try: remedy)
    }
    guard let source = try catalog.lastRun(of: "ingest")?.rules["source"] else {
        throw EchoError("--dataset", "does not say where its clips came from", try: remedy)
    }
    return source
}
