// A source against what earlier runs found in it: which files are new, gone, moved, others, and which are to be read.

import Catalog
import EchoCore
import Files

/// What became of a source since the ingest before.
///
/// A list says which files a release has: what it named once and does not name now is withdrawn, whether it lies on the
/// disk or not. Without a list nothing says that a file is gone, so it may be deleted once it is in a shard.
/// Files are told by their sums: those of `SHA256SUMS.txt`, else by reading them where a size fits.
struct Reconciliation {
    /// The files of the source that are of this release, and those that earlier runs found and no list took back.
    private(set) var plan: Plan
    private(set) var corrections = Corrections()
    /// The files to be read, in the plan's order; those of `replacing` have a row.
    private(set) var work: [SourceFile] = []
    private(set) var replacing: Set<PathText> = []
    /// Clips whose file was published anew and is not on the disk.
    private(set) var outdated = 0
    /// Files on the disk that no list names any more.
    private(set) var lingering = 0

    private let source: String
    private let jobs: Int
    private let isFetching: Bool
    /// sha256 of files that are kept by decision.
    private let decided: Set<String>
    private let isRetrying: Bool
    /// Rows by the paths of their files.
    private let rows: [PathText: KnownFile]
    /// Rows of files that no list names any more.
    private var gone: [KnownFile] = []

    /// - Parameters:
    ///   - listedBefore: whether the run before had a list
    ///   - isFetching: whether files that are not there are downloaded
    ///   - isRetrying: whether files that could not be read as clips are read again
    /// - Throws: `EchoError` where the list is another source's, `Interrupted` when asked to stop
    init(
        _ plan: Plan, known: [KnownFile], withdrawn: [WithdrawnFile], listedBefore: Bool, source: String,
        jobs: Int, isFetching: Bool = false, isRetrying: Bool = false, decided: Set<String> = []
    ) throws {
        self.plan = plan
        self.source = source
        self.jobs = jobs
        self.isFetching = isFetching
        self.decided = decided
        self.isRetrying = isRetrying
        rows = Dictionary(known.map { (PathText($0.path), $0) }) { first, _ in first }
        takeBack(known, withdrawn: Set(withdrawn.map { PathText($0.path) }), listedBefore: listedBefore)
        var former = FormerFiles(gone: gone, withdrawn: withdrawn.filter(\.isWhole))
        // A clip that is there under another path, too, is no move.
        former.leaveOut(Set(known.filter { $0.reason == nil }.compactMap(\.sha256)))
        let sums = try sumsOfSuspects(former)
        for file in self.plan.files {
            if let row = rows[PathText(file.path)] {
                try compare(file, row, sum: sums[PathText(file.path)])
            } else if let found = former.take(file, sum: sums[PathText(file.path)]) {
                take(found, as: file)
            } else {
                work.append(file)
            }
        }
        let moved = Set(corrections.corrected.map { $0.row.id })
        corrections.withdrawn = gone.map(\.id).filter { !moved.contains($0) }
        corrections.counts[.withdrawn] = corrections.withdrawn.count
        guard known.isEmpty || corrections.withdrawn.count < known.count else {
            throw EchoError(
                plan.fileLists.first?.path ?? "SOURCE", "names none of the files that this dataset has",
                try:
                    "keep the whole list beside the files that are left; give another source another --dataset"
            )
        }
    }

    /// All that changes, with what reading the files will add.
    var changes: SourceChanges {
        var all = corrections.counts
        all[.new] = work.count - replacing.count
        all[.changed] = replacing.count { rows[$0]?.reason == nil }
        all[.again] = replacing.count - all[.changed]
        return all
    }

    /// Finds the rows that this release does not have, and completes the plan with those that it does not speak of.
    private mutating func takeBack(
        _ known: [KnownFile], withdrawn: Set<PathText>, listedBefore: Bool
    ) {
        func isTakenBack(_ row: KnownFile) -> Bool {
            listedBefore && plan.isListable(row.path) && !row.isUnlisted
        }
        var files: [SourceFile] = [], there: Set<PathText> = []
        for file in plan.files {
            let isGone = rows[PathText(file.path)].map(isTakenBack) ?? withdrawn.contains(PathText(file.path))
            if file.isUnlisted, isGone {
                lingering += 1
            } else {
                files.append(file)
                there.insert(PathText(file.path))
            }
        }
        for row in known where !there.contains(PathText(row.path)) {
            if isTakenBack(row) {
                gone.append(row)
            } else {
                files.append(
                    SourceFile(
                        path: row.path, study: row.studyKey, studyID: row.studyID, subjectID: row.subjectID,
                        fault: Rejection(.missing, "an earlier run found it"), isUnlisted: row.isUnlisted))
            }
        }
        if files.count != plan.files.count || !gone.isEmpty { plan = plan.with(files: files) }
    }

    /// The sums of files that may be others than they were, or may be ones that are gone, by their paths.
    private func sumsOfSuspects(_ former: FormerFiles) throws -> [PathText: String] {
        let suspects = plan.files.filter { file in
            guard file.fault == nil, let stamp = file.stamp else { return false }
            guard let row = rows[PathText(file.path)] else {
                return file.publishedSum == nil && former.hasSize(stamp.bytes)
            }
            return row.doubt(file) == .bytes
        }
        var sums: [PathText: String] = [:]
        let progress = Progress("compare", total: suspects.count, unit: "files")
        let source = source
        try produceInOrder(
            suspects.count, workers: jobs, window: 4 * jobs,
            produce: { index -> String? in
                do throws(EchoError) {
                    return try sha256(ofFile: source + "/" + suspects[index].path).hex
                } catch {
                    if error.isPassing { throw error }
                    return nil
                }
            },
            consume: { index, sum in
                try Interruption.check()
                sums[PathText(suspects[index].path)] = sum
                progress.update(index + 1)
            })
        if !suspects.isEmpty { progress.finish(suspects.count) }
        return sums
    }

    /// A file that has a row.
    private mutating func compare(_ file: SourceFile, _ row: KnownFile, sum: String?) throws(EchoError) {
        let now = FileIdentity(file, was: row.path, row.sha256, row.flags)
        let was = FileIdentity(
            path: row.path, name: row.name, studyKey: row.studyKey, studyID: row.studyID,
            subjectID: row.subjectID, flags: row.flags, mtime: now.mtime)
        if now != was {
            corrections.corrected.append((row, now))
            if now.studyKey != was.studyKey || now.studyID != was.studyID || now.subjectID != was.subjectID {
                corrections.counts[.corrected] += 1
            }
        }
        let isReadable = file.fault == nil ? try Files.isReadable(source + "/" + file.path) : false
        if file.fault?.reason == .missing {
            let isOld = file.publishedSum != nil && file.publishedSum != row.sha256 && row.sha256 != nil
            if isFetching, isOld || row.reason == .missing, !file.isUnlisted, plan.isListable(file.path) {
                work.append(file)
                replacing.insert(PathText(file.path))
            } else if isOld, row.reason == nil {
                outdated += 1
            }
        }
        let isOverruled = row.isDroppedByKind && row.sha256.map(decided.contains) ?? false
        let isAtFault = row.reason.map(isFault) ?? false
        let isWanted = isOverruled || isRetrying && isAtFault && file.fault == nil
        switch isWanted ? .all : row.doubt(file) {
        case .none: break
        case .time:
            if let mtime = file.stamp?.mtime { corrections.touched.append((row.id, mtime)) }
        case .bytes where sum != nil && sum == row.sha256:
            if let mtime = file.stamp?.mtime { corrections.touched.append((row.id, mtime)) }
        case .bytes, .all:
            guard isReadable else { break }
            work.append(file)
            replacing.insert(PathText(file.path))
        }
    }

    /// A file that is one that was gone.
    private mutating func take(_ found: FormerFiles.Found, as file: SourceFile) {
        switch found {
        case .row(let row):
            corrections.corrected.append((row, FileIdentity(file, was: row.path, row.sha256, row.flags)))
            corrections.counts[.moved] += 1
        case .withdrawn(let former):
            corrections.returned.append(
                (former.id, FileIdentity(file, was: nil, former.sha256, former.flags)))
            corrections.counts[PathText(former.path) == PathText(file.path) ? .returned : .moved] += 1
        }
    }
}

/// How sure it is that a file is still what its row says.
private enum Doubt {
    case none
    /// Its bytes are those that were published; only its time is another.
    case time
    /// Its size is the same, its time is another.
    case bytes
    /// It could not be read, or has another size.
    case all
}

extension KnownFile {
    /// Whether it was dropped for what it shows alone.
    fileprivate var isDroppedByKind: Bool {
        reason.map { reason in ClipKind.allCases.contains { DropReason(kind: $0) == reason } } ?? false
    }

    fileprivate var isUnlisted: Bool {
        flags.split(separator: " ").contains { $0 == SourceFile.unlistedFlag }
    }

    /// How the file looks beside its row.
    fileprivate func doubt(_ file: SourceFile) -> Doubt {
        guard file.fault == nil else { return .none }
        switch reason {
        case .missing, .unreadable, .changedWhileRead: return .all
        default: break
        }
        guard let stamp = file.stamp else { return .none }
        let isSized = bytes == nil || bytes == stamp.bytes
        if let sha256, sha256 == file.publishedSum {
            return isSized && mtime != nil && mtime != stamp.mtime ? .time : .none
        }
        guard let mtime else {
            // A row of an earlier program: its file is looked at again if it was at fault.
            return isSized && !(reason.map(isFault) ?? false) ? .none : .all
        }
        if isSized { return mtime == stamp.mtime ? .none : bytes == nil ? .all : .bytes }
        return .all
    }
}

extension FileIdentity {
    /// What the source says of a file now.
    ///
    /// - Parameters:
    ///   - former: the path that it had; nil if it had no row
    ///   - sha256: of its bytes, as they were read
    ///   - flags: as they were, those of other clips among them
    fileprivate init(_ file: SourceFile, was former: String?, _ sha256: String?, _ flags: String) {
        let words = flags.split(separator: " ").map(String.init)
        let own = [SourceFile.unlistedFlag, SourceFile.otherSumFlag],
            others = ["same-instance", "same-bytes"]
        let isOther = file.publishedSum != nil && sha256 != nil && sha256 != file.publishedSum
        var now = file.isUnlisted ? [own[0]] : []
        now += words.filter { !own.contains($0) && !others.contains($0) }
        if isOther { now.append(own[1]) }
        now += words.filter(others.contains)
        self.init(
            path: file.path, name: file.name, studyKey: file.study, studyID: file.studyID,
            subjectID: file.subjectID, flags: now.joined(separator: " "),
            mtime: former.map(PathText.init) == PathText(file.path) ? nil : file.stamp?.mtime)
    }
}
