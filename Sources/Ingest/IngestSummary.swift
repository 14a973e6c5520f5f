// What an ingest says when it is done, and what it would do.

package import Catalog
import EchoCore
import Files

/// What became of a source; the counts are those of the whole dataset, over all its runs.
package struct IngestSummary: Sendable, Codable {
    package let layout: String
    package let files: Int
    package let studies: Int
    package let kept: Int
    /// Files by the reason for dropping them.
    package let dropped: [String: Int]
    /// Files that could not be read as what they should be.
    package let rejected: Int
    /// On the disk, and not in the record list.
    package let unlisted: Int
    /// Files whose bytes have another sum than `SHA256SUMS.txt` has for them, and clips that were published anew and are
    /// not on the disk.
    package let otherSums: Int, outdated: Int
    /// Frames in shards.
    package let frames: Int
    package let shards: Int
    /// What this run added and found changed.
    package let changes: SourceChanges
    /// Clips that are withdrawn and still lie in shards.
    package let withdrawnStored: Int
    /// Files on the disk that the list took back.
    package let lingering: Int
    /// Paths that `--stage` could not download, and the file with the last words of its command.
    package let notDownloaded: [String], stageLog: String?
    /// Whether there are labels that were made before something changed.
    package let labelsOlder: Bool
    /// Of this run alone.
    package let filesRead: Int, framesStored: Int, bytesRead: Int
    package let seconds: Double
    /// Bytes that this run held at once; nil where the system does not say.
    package let peakMemory: Int?

    init(catalog: Catalog, plan: Plan, found: Reconciliation, tally: Tally, run: Int64, _ stager: Stager?)
        throws(EchoError)
    {
        let outcomes = try catalog.outcomes()
        let losses = outcomes.filter { !$0.kept }
        layout = plan.layout
        studies = plan.studyCount
        files = outcomes.reduce(0) { $0 + $1.files }
        kept = outcomes.filter(\.kept).reduce(0) { $0 + $1.files }
        frames = outcomes.reduce(0) { $0 + $1.frames }
        dropped = losses.reduce(into: [:]) { $0[$1.reason?.rawValue ?? "", default: 0] += $1.files }
        rejected = losses.filter { $0.reason.map(isFault) ?? false }.reduce(0) { $0 + $1.files }
        unlisted = found.plan.files.count { $0.isUnlisted && $0.fault?.reason != .missing }
        otherSums = try catalog.files(flagged: SourceFile.otherSumFlag)
        outdated = found.outdated
        shards = try catalog.shards().count
        changes = try catalog.changes(run: run)
        withdrawnStored = try catalog.withdrawnClips().count
        lingering = found.lingering
        notDownloaded = stager?.missing ?? []
        stageLog = stager?.log
        let linked = try catalog.lastRun(of: "link-icd")
        labelsOlder = linked != nil && changes.isMoreThanNew
        filesRead = tally.files
        framesStored = tally.frames
        bytesRead = tally.bytes
        seconds = tally.seconds
        peakMemory = EchoCore.peakMemory()
    }

    /// A table for people.
    package var text: String {
        var lines = [("files", files), ("kept", kept)]
        lines += dropped.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
            ("dropped: \($0.key)", $0.value)
        }
        if unlisted > 0 { lines.append(("not in the record list", unlisted)) }
        if otherSums > 0 { lines.append(("not as \(sumListName) has it", otherSums)) }
        if outdated > 0 { lines.append(("published anew, not there", outdated)) }
        if lingering > 0 { lines.append(("withdrawn, still in the source", lingering)) }
        if withdrawnStored > 0 { lines.append(("withdrawn, still in shards", withdrawnStored)) }
        lines += [("studies", studies), ("frames", frames), ("shards", shards)]
        let width = lines.map(\.0.count).max() ?? 0
        var text = "layout \(layout)\n"
        for (name, count) in lines {
            let number = grouped(count)
            text +=
                name + String(repeating: " ", count: width + 12 - name.count - number.count) + number + "\n"
        }
        if filesRead > 0, seconds > 0 {
            let megabytes = Double(bytesRead) / 1e6 / seconds
            text +=
                "this run: \(grouped(filesRead)) files, \(grouped(framesStored)) frames in \(duration(seconds))"
            text +=
                ", \(grouped(Int(Double(framesStored) / seconds))) frames/s, \(grouped(Int(megabytes))) MB/s"
            if let peakMemory { text += ", \(grouped(peakMemory >> 20)) MiB of memory at most" }
            text += "\n"
        }
        if !notDownloaded.isEmpty {
            text += "not downloaded: \(grouped(notDownloaded.count)) files; the same command tries again\n"
            text += notDownloaded.prefix(10).map { "  \($0)\n" }.joined()
            if notDownloaded.count > 10 { text += "  …\n" }
            if let stageLog { text += "what the command said last: \(stageLog)\n" }
        }
        if changes.isMoreThanNew { text += "changed: \(changes.text)\n" }
        if labelsOlder { text += "labels are older than that: run echoprep link-icd again\n" }
        if withdrawnStored > 0 {
            text += "echoprep merge --compact removes what is withdrawn from the shards\n"
        }
        return text
    }
}

/// What an ingest would do.
package struct IngestPlan: Sendable, Codable {
    package let layout: String
    package let files: Int
    package let studies: Int
    /// Files that have no row yet.
    package let unfinished: Int
    /// In the record list, and not on the disk.
    package let missing: Int
    /// On the disk, and not in the record list.
    package let unlisted: Int
    /// What would be added, and what is not as an earlier run found it.
    package let changes: SourceChanges

    /// One line for people, and one of what changed.
    package var text: String {
        var text = "layout \(layout): \(grouped(files)) files of \(grouped(studies)) studies"
        text += ", \(grouped(unfinished)) to do"
        if missing > 0 { text += ", \(grouped(missing)) of the record list are not there" }
        if unlisted > 0 { text += ", \(grouped(unlisted)) are not in the record list" }
        if changes.isMoreThanNew { text += "\nchanged: \(changes.text)" }
        return text
    }
}

/// What one run did so far.
struct Tally {
    private(set) var files = 0, kept = 0, frames = 0, bytes = 0
    private var dropped: [DropReason: Int] = [:]
    private let start = ContinuousClock.now

    mutating func add(_ row: ClipRecord) {
        files += 1
        kept += row.kept ? 1 : 0
        if let reason = row.reason { dropped[reason, default: 0] += 1 }
        frames += row.frames ?? 0
        bytes += row.bytes ?? 0
    }

    var seconds: Double { start.duration(to: .now) / .seconds(1) }

    /// For the progress bar: the commonest reasons, and the speed of reading.
    var note: String {
        let common = dropped.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.prefix(3)
        let counts = [("kept", kept)] + common.map { ($0.key.rawValue, $0.value) }
        let rate = seconds > 0 ? Double(bytes) / 1e6 / seconds : 0
        return counts.map { "\($0.0) \(grouped($0.1))" }.joined(separator: ", ") + " · \(Int(rate)) MB/s"
    }
}

/// Whether a reason means that something is wrong with a file, not that it shows something else.
func isFault(_ reason: DropReason) -> Bool {
    switch reason {
    case .still, .doppler, .spectral, .uncertain, .mMode, .threeD, .notUltrasound, .duplicate: false
    default: true
    }
}

extension SourceChanges {
    /// What there is of each kind.
    var text: String {
        SourceChange.allCases.filter { self[$0] > 0 }.map { "\(grouped(self[$0])) \($0.words)" }
            .joined(separator: ", ")
    }
}
