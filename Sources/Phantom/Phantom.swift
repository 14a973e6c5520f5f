// The whole of `echoprep phantom`: a cohort is drawn, its hearts are rendered, and what is true of them is written.

import EchoCore
import Files
import Foundation
import Video

/// Writes a synthetic MIMIC-IV-ECHO, and a MIMIC-IV that goes with it, or an EchoNet look-alike into `folder`.
///
/// `mimic-iv-echo/` holds the clips and their two lists, `mimiciv/hosp/` the hospital's tables (not with
/// `options.mimicIV`, where they exist already); `truth.csv` says what each file shows, `truth-studies.csv` how each
/// heart is made, `truth-codes.csv` how well each code can be told at best. The EchoNet layouts write one folder named as
/// the layout, whose lists hold the truth.
///
/// - Throws: `EchoError` for wrong options, unreadable tables and a folder that cannot be written; `Interrupted`.
package func writePhantom(to folder: String, options: PhantomOptions) throws -> PhantomSummary {
    try options.check()
    if options.layout != .mimicIVEcho { return try writeEchoNet(to: folder, options: options) }
    let start = ContinuousClock.now
    let cohort =
        try options.mimicIV.map {
            try Cohort(studies: options.studies, from: $0, seed: options.seed)
        } ?? Cohort(studies: options.studies, seed: options.seed)
    let hearts = cohort.studies.map { study in
        Anatomy(
            study.diagnoses, subject: SeededRandom(seed: options.seed, "subject", study.subject),
            study: SeededRandom(seed: options.seed, "study", study.study))
    }
    let echo = "\(folder)/mimic-iv-echo"
    try makeFolder(echo)
    let written = try writeClips(cohort: cohort, hearts: hearts, to: echo, options: options)
    try writeLists(cohort, hearts, written.map(\.plan), to: echo, seed: options.seed)
    if options.mimicIV == nil {
        let hosp = "\(folder)/mimiciv/hosp"
        try makeFolder(hosp)
        for (name, table) in cohort.hospitalTables(seed: options.seed) {
            try writeFile("\(hosp)/\(name).csv.gz", gzip(Array(table.text.utf8)))
        }
    }
    let codes = codeTruths(cohort, options: options)
    let truth = TruthTables(cohort: cohort, hearts: hearts, clips: written, codes: codes)
    for (name, table) in truth.tables { try writeFile("\(folder)/\(name).csv", Array(table.text.utf8)) }
    return PhantomSummary(
        folder: folder, subjects: Set(cohort.studies.map(\.subject)).count, studies: cohort.studies.count,
        clips: written.count, frames: written.reduce(0) { $0 + $1.frames },
        bytes: written.reduce(0) { $0 + $1.bytes }, seconds: (.now - start) / .seconds(1), codes: codes)
}

/// A file that was written.
struct WrittenClip: Sendable {
    let plan: ClipPlan
    let frames: Int, bytes: Int
    let framesPerSecond: Double, depth: Double, heartRate: Double
}

/// Renders and writes all clips on `options.jobs` threads; the result is in order.
private func writeClips(cohort: Cohort, hearts: [Anatomy], to echo: String, options: PhantomOptions) throws
    -> [WrittenClip]
{
    let sectors = ClipRenderer.halfAngles.map {
        Sector(height: options.height, width: options.width, halfAngle: $0)
    }
    var work: [(heart: Int, plan: ClipPlan)] = []
    for (index, study) in cohort.studies.enumerated() {
        let plans = ClipPlan.all(for: study, extras: options.extras, seed: options.seed)
        try makeFolder("\(echo)/\(study.folder)")
        work += plans.map { (index, $0) }
    }
    let encoder = JPEGEncoder(quality: options.quality)
    let progress = Progress("phantom", total: work.count, unit: "files")
    let plans = work
    var written: [WrittenClip] = []
    try produceInOrder(work.count, workers: options.jobs, window: 2 * options.jobs) { index in
        try Interruption.check()
        let (heart, plan) = plans[index]
        let renderer = ClipRenderer(options: options, heart: hearts[heart], sectors: sectors)
        let clip = try renderer.render(plan) { frame in try encoder.encode(frame.clip, frame: 0) }
        let bytes = clip.dicom(plan, options: options)
        try writeFile("\(echo)/\(plan.path)", bytes)
        return WrittenClip(
            plan: plan, frames: clip.frames.count, bytes: bytes.count, framesPerSecond: clip.framesPerSecond,
            depth: clip.depth, heartRate: clip.heartRate)
    } consume: { index, clip in
        written.append(clip)
        progress.update(index + 1)
    }
    progress.finish(work.count)
    return written
}

/// echo-record-list.csv, echo-study-list.csv and structured-measurement.csv.gz, with the columns of MIMIC-IV-ECHO 1.0.
private func writeLists(
    _ cohort: Cohort, _ hearts: [Anatomy], _ plans: [ClipPlan], to echo: String, seed: UInt64
) throws(EchoError) {
    var records = Table("subject_id", "study_id", "acquisition_datetime", "dicom_filepath")
    for plan in plans {
        records.add("\(plan.study.subject)", "\(plan.study.study)", plan.time.description, plan.path)
    }
    var studies = Table("subject_id", "study_id", "study_datetime", "measurement_id", "measurement_datetime")
    var measurements = Table(
        "subject_id", "measurement_id", "measurement_datetime", "test_type", "measurement",
        "measurement_description", "result", "unit")
    for (study, heart) in zip(cohort.studies, hearts) {
        var random = SeededRandom(seed: seed, "measurement", study.study)
        let measured = random.uniform() < 0.8
        let later = Timestamp(seconds: study.time.seconds + 900 + random.below(7200))
        let measurement = measured ? "\(1_000_000 + random.below(9_000_000))" : ""
        studies.add(
            "\(study.subject)", "\(study.study)", study.time.description, measurement,
            measured ? later.description : "")
        var reader = SeededRandom(seed: seed, "reader", study.study)
        for row in measured ? Finding.all(of: heart, random: &reader) : [] {
            measurements.add(
                "\(study.subject)", measurement, later.description, "TTE", row.name, row.description,
                row.result, row.unit)
        }
    }
    try writeFile("\(echo)/echo-record-list.csv", Array(records.text.utf8))
    try writeFile("\(echo)/echo-study-list.csv", Array(studies.text.utf8))
    try writeFile("\(echo)/structured-measurement.csv.gz", gzip(Array(measurements.text.utf8)))
}

/// Measures the codes on many hearts drawn like the cohort's.
private func codeTruths(_ cohort: Cohort, options: PhantomOptions) -> [CodeTruth] {
    let drawn = 6000
    var random = SeededRandom(seed: options.seed, "truth")
    let own = cohort.studies.map(\.diagnoses)
    let population = (0..<drawn).map { _ in
        options.mimicIV == nil ? Diagnoses(random: &random) : own[random.below(own.count)]
    }
    return CodeTruth.all(
        cohort: own, population: population, seed: options.seed, isSynthetic: options.mimicIV == nil)
}
