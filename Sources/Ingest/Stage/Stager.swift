// Studies are downloaded ahead of the workers that read them, in their order, and never take more than their space.

import EchoCore
import Files
import Foundation

/// Downloads studies into a folder, a few ahead, and deletes them when they are read.
///
/// Before a study's commands run, room is kept for all its files at the greatest length that they may have, which the
/// commands are held to; what is on the disk can so never be more than the space. A study that has longer files is tried
/// again with more room, and those behind it are put back if they are in its way.
final class Stager: Sendable {
    private enum Stage {
        case waiting
        case loading
        /// On the disk, with the paths that could not be had.
        case ready(missing: Set<String>)
        case done
    }

    private struct Entry {
        var stage = Stage.waiting
        /// Bytes that are kept for it, or that it takes.
        var room = 0
        /// The greatest length of a file, once the usual one was too short.
        var limit: Int?

        var isWaiting: Bool { if case .waiting = stage { true } else { false } }
        var isLoading: Bool { if case .loading = stage { true } else { false } }
        var isReady: Bool { if case .ready = stage { true } else { false } }
    }

    private struct State {
        var entries: [Entry]
        var isStopped = false
        var failure: EchoError?
        /// The longest file so far, and what files are thought to have at most: twice that.
        var greatest = 0, usualLimit = 32 << 20
        var missing: [String] = []

        var used: Int { entries.reduce(0) { $0 + $1.room } }
    }

    private let studies: [StagedStudy]
    private let places: [String: Int]
    private let options: StageOptions
    private let folder: String
    private let state: Monitor<State>
    private let loaders: Monitor<[Background<Void>]>

    /// Begins to download.
    ///
    /// - Parameters:
    ///   - work: files to be read, each study together; those that are missing are downloaded
    ///   - folder: what lies in it of an earlier run is used, or removed
    init(_ work: [SourceFile], _ options: StageOptions, folder: String) throws(EchoError) {
        var studies: [StagedStudy] = [], wanted: [SourceFile] = []
        for (index, file) in work.enumerated() {
            if file.fault?.reason == .missing { wanted.append(file) }
            if index + 1 == work.count || work[index + 1].study != file.study {
                if !wanted.isEmpty { studies.append(StagedStudy(key: file.study, files: wanted)) }
                wanted = []
            }
        }
        self.studies = studies
        self.options = options
        self.folder = folder
        places = Dictionary(zip(studies.map(\.key), studies.indices)) { first, _ in first }
        state = Monitor(State(entries: studies.map { _ in Entry() }))
        loaders = Monitor([])
        try makeFolder(folder)
        try takeOver()
        let threads = (0..<max(1, min(options.jobs, studies.count))).compactMap { _ in
            Background.beside { self.load() }
        }
        if threads.isEmpty, !studies.isEmpty { throw EchoError.noThread }
        loaders.change { $0 = threads }
    }

    /// Whether a file is one that is downloaded.
    func isStaged(_ file: SourceFile) -> Bool { file.fault?.reason == .missing && places[file.study] != nil }

    /// Waits until a file's study is there, and all before it.
    ///
    /// - Returns: the folder below which it lies; nil if it could not be had
    /// - Throws: `Interrupted` when asked to stop
    func place(of file: SourceFile) throws -> String? {
        guard let place = places[file.study] else { return nil }
        let answer = state.change(
            when: { state in
                state.isStopped || !state.entries[...place].contains { $0.isWaiting || $0.isLoading }
            },
            { state -> Result<Bool, any Error> in
                if let failure = state.failure { return .failure(failure) }
                guard case .ready(let missing) = state.entries[place].stage else {
                    return .failure(Interrupted())
                }
                return .success(!missing.contains(file.path))
            })
        return try answer.get() ? "\(folder)/\(studies[place].name)" : nil
    }

    /// Says that all files of a study are read: they are deleted.
    func release(_ study: String) {
        guard let place = places[study] else { return }
        remove("\(folder)/\(studies[place].name)")
        state.change { state in
            if case .ready(let missing) = state.entries[place].stage { state.missing += missing.sorted() }
            state.entries[place].stage = .done
            state.entries[place].room = 0
        }
    }

    /// The paths that could not be had, so far.
    var missing: [String] { state.change { $0.missing } }

    /// Where the last words of a command that failed are.
    var log: String { folder + "/failed.log" }

    /// Ends all commands, and waits for that. A folder in which nothing is left to be told of goes.
    func stop() {
        state.change { $0.isStopped = true }
        for loader in loaders.change({ $0 }) { loader.wait() }
        if (try? entries(ofFolder: folder).isEmpty) ?? false { remove(folder) }
    }

    /// Uses studies that an earlier run downloaded whole; what it did not is removed.
    private func takeOver() throws(EchoError) {
        try removeFile(log)
        let names = Dictionary(zip(studies.map(\.name), studies.indices)) { first, _ in first }
        for entry in try entries(ofFolder: folder) where entry.kind == .folder {
            let path = "\(folder)/\(entry.name)"
            let room = sizes(of: path).all
            let isTaken = state.change { state in
                guard let place = names[entry.name], state.used + room <= options.space,
                    studies[place].files.allSatisfy({ (try? isReadable("\(path)/\($0.path)")) ?? false })
                else { return false }
                state.entries[place] = Entry(stage: .ready(missing: []), room: room)
                return true
            }
            if !isTaken { remove(path) }
        }
    }

    private func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    private var isStopped: Bool {
        if Interruption.isRequested { state.change { $0.isStopped = true } }
        return state.change { $0.isStopped }
    }

    /// What each thread does.
    private func load() {
        while let (place, limit) = claim() {
            do {
                try load(place, limit: limit)
            } catch {
                state.change { state in
                    state.failure = state.failure ?? error
                    state.isStopped = true
                }
            }
        }
    }

    private enum Claim {
        case study(Int, limit: Int)
        case later, never
    }

    /// The first study that waits, once there is room for it.
    private func claim() -> (place: Int, limit: Int)? {
        while !isStopped {
            switch state.change({ claim(&$0) }) {
            case .study(let place, let limit): return (place, limit)
            case .later: usleep(50_000)
            case .never: return nil
            }
        }
        return nil
    }

    private func claim(_ state: inout State) -> Claim {
        guard let place = state.entries.firstIndex(where: \.isWaiting) else {
            // One that is loading may be put back.
            return state.entries.contains(where: \.isLoading) ? .later : .never
        }
        let count = studies[place].files.count
        let usual = min(state.usualLimit, max(1 << 16, options.space / (2 * count)))
        let limit = min(state.entries[place].limit ?? usual, options.space / count)
        if state.used + count * limit <= options.space {
            state.entries[place].stage = .loading
            state.entries[place].room = count * limit
            return .study(place, limit: limit)
        }
        // What lies behind it and was quicker gives its room back; nobody reads it before this one is there.
        if let last = state.entries.lastIndex(where: \.isReady), last > place {
            remove("\(folder)/\(studies[last].name)")
            state.entries[last] = Entry(limit: state.entries[last].limit)
        }
        return .later
    }

    private func load(_ place: Int, limit: Int) throws(EchoError) {
        let study = studies[place]
        // Another name than an earlier run's, whose commands may still write.
        let run = UInt32.random(in: .min ... .max)
        let partial = "\(folder)/\(study.name)-\(run).partial", log = "\(folder)/\(study.name)-\(run).log"
        defer {
            remove(partial)
            remove(log)
        }
        try makeFolder(partial)
        var wanted = study.files.map(\.path), wait = options.wait
        for attempt in 1...max(1, options.tries) {
            let found = try study.fetch(
                wanted, into: partial, options, limit: limit, log: log, isStopped: { isStopped })
            if isStopped { return state.change { $0.entries[place] = Entry() } }
            wanted = found.missing
            if found.isTooLong, limit < options.space / study.files.count {
                return state.change { state in
                    state.entries[place] = Entry(limit: 4 * limit)
                }
            }
            if !wanted.isEmpty { try? moveFile(log, to: self.log) }
            if wanted.isEmpty || attempt == max(1, options.tries) {
                try moveFile(partial, to: "\(folder)/\(study.name)")
                return state.change { state in
                    state.greatest = max(found.greatest, state.greatest)
                    state.usualLimit = max(1 << 16, 2 * state.greatest)
                    state.entries[place].stage = .ready(missing: Set(wanted))
                    state.entries[place].room = found.bytes
                }
            }
            let end = ContinuousClock.now + .seconds(wait)
            while ContinuousClock.now < end, !isStopped { usleep(20_000) }
            wait = min(2 * wait, 300)
        }
    }
}
