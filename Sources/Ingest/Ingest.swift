// `echoprep ingest`: every file of a source ends as a row, and every kept clip in a shard.

import Catalog
import EchoCore
import Files

/// Reads a source into a dataset, or goes on where an earlier run of the same options stopped.
///
/// Workers read, decode, choose, mask and crop, each one file at a time; this thread writes in the order of the plan.
/// Memory holds as many decoded clips as there are workers.
///
/// - Throws: `EchoError` for what the user can mend, `Interrupted` when asked to stop; what is committed stays.
package func ingest(_ options: IngestOptions) throws -> IngestSummary {
    let (plan, rules) = try plan(of: options)
    let folder = options.folder
    if options.part == nil { try checkClips(in: plan.files, of: options.source) }
    if options.part == nil, isReadable(folder + "/" + partsFolder) {
        throw EchoError("--dataset", "has parts that are not merged", try: "run echoprep merge first")
    }
    let catalog = try Catalog(datasetFolder: folder, readOnly: false)
    guard let lock = try FileLock.take(folder + "/.ingest.lock") else {
        throw EchoError(
            "--dataset", "another echoprep ingest is writing to it",
            try: "wait for it, or name another folder")
    }
    let run = try beginOrContinue(options, rules, plan, in: catalog)
    try catalog.replace(plan.list.studies(testFold: options.testFold), run: run)
    let committer = try Committer(catalog: catalog, rules: rules)
    let (work, replacing) = try unfinished(plan.files, of: catalog, in: options.source)
    let examiner = Examiner(rules: rules)
    var tally = Tally()
    let progress = Progress("ingest", total: work.count, unit: "files")
    let source = options.source
    try produceInOrder(
        work.count, workers: options.jobs, window: 4 * options.jobs,
        produce: { try examiner.prepare(work[$0], in: source, runID: run) },
        consume: { index, prepared in
            try Interruption.check()
            if index == 0 || work[index].study != work[index - 1].study {
                let rest = work[index...]
                try committer.begin(rest.prefix { $0.study == work[index].study })
            }
            let row = try committer.add(prepared, replacing: replacing.contains(prepared.record.path))
            examiner.recycle(prepared)
            tally.add(row)
            progress.update(index + 1, note: tally.note)
        })
    try committer.finish()
    try catalog.finishRun(run)
    progress.finish(work.count, note: tally.note)
    _ = consume lock
    return try IngestSummary(catalog: catalog, plan: plan, tally: tally)
}

/// What an ingest would do, without doing it.
package func planIngest(_ options: IngestOptions) throws -> IngestPlan {
    let plan = try plan(of: options).plan
    var work = plan.files
    if isReadable(options.folder + "/" + Catalog.fileName) {
        let catalog = try Catalog(datasetFolder: options.folder, readOnly: true)
        work = try unfinished(plan.files, of: catalog, in: options.source).work
    }
    return IngestPlan(
        layout: plan.layout, files: plan.files.count, studies: plan.studyCount, unfinished: work.count,
        missing: plan.files.count { $0.fault?.reason == .missing },
        unlisted: plan.files.count { $0.flags.contains("unlisted") })
}

/// The files of the source, or this worker's part of its studies, and the rules with the layout's crop.
private func plan(of options: IngestOptions) throws -> (plan: Plan, rules: IngestRules) {
    let (whole, crop) = try plan(source: options.source, layout: options.layout, dataset: options.dataset)
    var rules = options.rules
    rules.crop = options.crop ?? crop
    guard let part = options.part else { return (whole, rules) }
    return (whole.part(part.number, of: part.of), rules)
}

/// The run that goes on with the same options, or a new one.
private func beginOrContinue(
    _ options: IngestOptions, _ rules: IngestRules, _ plan: Plan, in catalog: Catalog
) throws(EchoError) -> Int64 {
    var texts = rules.texts
    texts["layout"] = plan.layout
    texts["source"] = absolutePath(options.source)
    if plan.list.hasFolds { texts["test-fold"] = String(options.testFold) }
    texts["part"] = options.part.map { "\($0.number)/\($0.of)" } ?? "1/1"
    if let last = try catalog.lastRun(of: "ingest") {
        try rules.check(against: last.rules)
        if last.rules == texts {
            try catalog.reopenRun(last.id)
            return last.id
        }
    }
    return try catalog.beginRun("ingest", commandLine: options.commandLine, rules: texts)
}

/// The files without a row, and those whose row says that they could not be read where now they can.
private func unfinished(
    _ files: [SourceFile], of catalog: Catalog, in source: String
) throws(EchoError) -> (work: [SourceFile], replacing: Set<String>) {
    let done = try catalog.finishedPaths()
    let retried = try catalog.paths(droppedFor: [.missing, .unreadable, .changedWhileRead])
    let replacing = Set(
        files.filter { retried.contains($0.path) && $0.fault == nil && isReadable(source + "/" + $0.path) }
            .map(\.path))
    return (files.filter { !done.contains($0.path) || replacing.contains($0.path) }, replacing)
}
