// `echoprep ingest`: every file of a source ends as a row, and every kept clip in a shard.

import Catalog
import EchoCore
import Files

/// Reads a source into a dataset, or goes on where an earlier run of the same options stopped.
///
/// What changed in the source since an earlier run is set right first, in one transaction; then the files that are new or
/// others are read. Workers read, decode, choose, mask and crop, each one file at a time; this thread writes in the order
/// of the plan. Memory holds as many decoded clips as there are workers.
///
/// - Throws: `EchoError` for what the user can mend, `Interrupted` when asked to stop; what is committed stays.
package func ingest(_ options: IngestOptions) throws -> IngestSummary {
    let (plan, rules) = try plan(of: options)
    let folder = options.folder
    if options.part == nil, options.stage == nil, try !hasRows(folder) {
        try checkClips(in: plan.files, of: options.source)
    }
    if options.part == nil, isReadable(folder + "/" + partsFolder) {
        throw EchoError("--dataset", "has parts that are not merged", try: "run echoprep merge first")
    }
    let catalog = try Catalog(datasetFolder: folder, readOnly: false)
    guard let lock = try FileLock.take(folder + "/.ingest.lock") else {
        throw EchoError(
            "--dataset", "another echoprep ingest is writing to it",
            try: "wait for it, or name another folder")
    }
    let last = try catalog.lastRun(of: "ingest")
    if let last { try rules.check(against: last.rules) }
    let found = try reconcile(plan, after: last, in: catalog, options)
    let texts = texts(of: rules, plan, options)
    let run = try catalog.beginIngest(
        going: last?.rules == texts ? last?.id : nil, commandLine: options.commandLine, rules: texts,
        found.corrections)
    try catalog.replace(plan.list.studies(testFold: options.testFold), run: run)
    let committer = try Committer(catalog: catalog, rules: rules, replacing: found.replacing)
    let stager = try options.stage.map { stage throws(EchoError) in
        try Stager(found.work, stage, folder: stage.folder ?? folder + "/.stage")
    }
    defer { stager?.stop() }
    let tally = try read(found.work, into: committer, rules, run: run, options, stager)
    try catalog.settle(order: found.plan.files.map(\.path))
    try catalog.finishRun(run)
    let summary = try IngestSummary(
        catalog: catalog, plan: plan, found: found, tally: tally, run: run, stager)
    _ = consume lock
    return summary
}

/// Reads files on all workers and commits them in their order.
private func read(
    _ work: [SourceFile], into committer: Committer, _ rules: IngestRules, run: Int64,
    _ options: IngestOptions, _ stager: Stager?
) throws -> Tally {
    let examiner = Examiner(rules: rules)
    var tally = Tally()
    let progress = Progress("ingest", total: work.count, unit: "files")
    let source = options.source
    try produceInOrder(
        work.count, workers: options.jobs, window: 4 * options.jobs,
        produce: { try examiner.prepare(work[$0], in: source, stager, runID: run) },
        consume: { index, prepared in
            try Interruption.check()
            if index == 0 || work[index].study != work[index - 1].study {
                let rest = work[index...]
                try committer.begin(rest.prefix { $0.study == work[index].study })
            }
            let row = try committer.add(prepared)
            examiner.recycle(prepared)
            if index + 1 == work.count || work[index + 1].study != work[index].study {
                stager?.release(work[index].study)
            }
            tally.add(row)
            progress.update(index + 1, note: tally.note)
        })
    try committer.finish()
    progress.finish(work.count, note: tally.note)
    return tally
}

/// What an ingest would do, without doing it.
package func planIngest(_ options: IngestOptions) throws -> IngestPlan {
    let (plan, _) = try plan(of: options)
    var found: Reconciliation?
    if let catalog = try Catalog.ifThere(datasetFolder: options.folder), try catalog.lastClipID() > 0 {
        found = try reconcile(plan, after: catalog.lastRun(of: "ingest"), in: catalog, options)
    }
    return IngestPlan(
        layout: plan.layout, files: plan.files.count, studies: plan.studyCount,
        unfinished: found?.work.count ?? plan.files.count,
        missing: plan.files.count { $0.fault?.reason == .missing },
        unlisted: plan.files.count(where: \.isUnlisted), changes: found?.changes ?? SourceChanges())
}

/// Whether a dataset has files of an earlier run.
private func hasRows(_ dataset: String) throws -> Bool {
    try Catalog.ifThere(datasetFolder: dataset).map { try $0.lastClipID() > 0 } ?? false
}

/// The files of the source, or this worker's part of its studies, and the rules with the layout's crop.
private func plan(of options: IngestOptions) throws -> (plan: Plan, rules: IngestRules) {
    let found = try plan(source: options.source, layout: options.layout, dataset: options.dataset)
    var whole = found.plan
    guard whole.takeSums(of: options.source) else {
        throw EchoError(
            sumListName,
            "has another sum for a list beside it: one of them is changed, cut or another release's",
            try: "download both again, or remove \(sumListName)")
    }
    if options.stage != nil, whole.fileLists.isEmpty {
        throw EchoError(
            "--stage", "the source has no list of its files",
            try: "put echo-record-list.csv of MIMIC-IV-ECHO into SOURCE")
    }
    var rules = options.rules
    rules.crop = options.crop ?? found.crop
    guard let part = options.part else { return (whole, rules) }
    return (whole.part(part.number, of: part.of), rules)
}

/// The source against what the dataset knows of it.
private func reconcile(
    _ plan: Plan, after last: Run?, in catalog: Catalog, _ options: IngestOptions
) throws -> Reconciliation {
    let release = last?.rules["release"]
    if options.part != nil, let release, release != plan.release {
        throw EchoError(
            "--part", "the source's list is another one than when this part was begun",
            try: "finish the parts with the former list, run echoprep merge, then ingest without --part")
    }
    // Programs before schema version 6 did not note it; only folders of any kind have none.
    let isListed = release.map { $0 != "none" } ?? (last?.rules["layout"] != "folder")
    return try Reconciliation(
        plan, known: catalog.knownFiles(), withdrawn: catalog.withdrawnFiles(), listedBefore: isListed,
        source: options.source, jobs: options.jobs, isFetching: options.stage != nil, decided: options.rules.decided)
}

/// All that a run chooses: one with the same choices goes on with the last.
private func texts(of rules: IngestRules, _ plan: Plan, _ options: IngestOptions) -> [String: String] {
    var texts = rules.texts
    texts["layout"] = plan.layout
    texts["source"] = absolutePath(options.source)
    texts["release"] = plan.release
    if plan.list.hasFolds { texts["test-fold"] = String(options.testFold) }
    if let decisions = options.decisions {
        let sums = rules.decided.sorted().joined(separator: "\n")
        texts["decisions"] = "\(decisions) \(sha256(Array(sums.utf8)).prefix(16))"
    }
    texts["part"] = options.part.map { "\($0.number)/\($0.of)" } ?? "1/1"
    return texts
}
