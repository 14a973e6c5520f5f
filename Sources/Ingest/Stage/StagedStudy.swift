// One study on its way to the disk: commands run, files counted and summed, what is missing told.

import EchoCore
import Files
import Foundation

/// A study whose files are downloaded into a folder of its own.
struct StagedStudy: Sendable {
    let key: String
    let files: [SourceFile]

    /// The folder's name: the same in every run, whatever the study is called.
    var name: String { String(sha256(Array(key.utf8)).prefix(16)) }

    /// How an attempt ended.
    struct Attempt: Sendable {
        /// Paths of files that did not come, or not as they were published.
        var missing: [String] = []
        /// Whether a command wanted to write more than the greatest length.
        var isTooLong = false
        var bytes = 0, greatest = 0
    }

    /// Downloads those of `wanted` into `folder`, and looks at what came.
    ///
    /// - Parameters:
    ///   - limit: bytes of a file at most
    ///   - isStopped: whether to stop
    func fetch(
        _ wanted: [String], into folder: String, _ options: StageOptions, limit: Int, log: String,
        isStopped: () -> Bool
    ) throws(EchoError) -> Attempt {
        let places = options.isByFolder ? Set(wanted.map(parent)).sorted() : wanted
        var attempt = Attempt(), failed: Set<String> = []
        for place in places where !isStopped() {
            let target = "\(folder)/\(place)"
            try makeFolder(options.isByFolder ? target : parent(target))
            var last = -1, quiet = ContinuousClock.now
            let line = ShellCommand(options.line(place, to: target), greatestFile: limit, log: log)
            let ending = try line.run {
                if isStopped() { return true }
                let now = sizes(of: folder).all
                if now != last { (last, quiet) = (now, .now) }
                return quiet.duration(to: .now) > .seconds(options.patience)
            }
            if ending == .status(0) {
                if failed.isEmpty { try removeFile(log) }
            } else {
                failed.insert(place)
                let isLong =
                    ending == .status(128 + SIGXFSZ) || sizes(of: folder).greatest >= limit / 512 * 512
                attempt.isTooLong = attempt.isTooLong || isLong
                // Half a file looks like a whole one to a command that goes on; a folder's files are told by their sums.
                if !options.isByFolder { try removeFile(target) }
            }
            if options.isByFolder { try lift(wanted, in: target, place) }
        }
        try look(at: wanted, in: folder, failed, options, &attempt)
        return attempt
    }

    /// Some commands copy a folder into the one that is there, some its files: both are right.
    private func lift(_ wanted: [String], in target: String, _ place: String) throws(EchoError) {
        guard let name = place.split(separator: "/").last else { return }
        for path in wanted where parent(path) == place {
            let file = path.dropFirst(place.count + 1)
            let deep = "\(target)/\(name)/\(file)", flat = "\(target)/\(file)"
            if try isReadable(deep), try !isReadable(flat) { try moveFile(deep, to: flat) }
        }
    }

    /// A file is there if its command ended well and it has the sum that was published, if one was. Of a folder whose command
    /// failed, those with sums may be there.
    private func look(
        at wanted: [String], in folder: String, _ failed: Set<String>, _ options: StageOptions,
        _ attempt: inout Attempt
    ) throws(EchoError) {
        let sums = Dictionary(files.map { ($0.path, $0.publishedSum) }) { first, _ in first }
        for path in wanted {
            let place = "\(folder)/\(path)", sum = sums[path] ?? nil
            let hasFailed = failed.contains(options.isByFolder ? parent(path) : path)
            guard try isReadable(place), !hasFailed || sum != nil, let found = try? sha256(ofFile: place)
            else {
                attempt.missing.append(path)
                continue
            }
            if let sum, sum != found.hex {
                attempt.missing.append(path)
                try removeFile(place)
            }
        }
        (attempt.bytes, attempt.greatest) = sizes(of: folder)
    }
}

/// What the files below a folder take, all and the longest.
func sizes(of folder: String) -> (all: Int, greatest: Int) {
    let files = FileManager.default.enumerator(
        at: URL(fileURLWithPath: folder), includingPropertiesForKeys: [.fileSizeKey])
    var all = 0, greatest = 0
    while let file = files?.nextObject() as? URL {
        let bytes = (try? file.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0
        all += bytes
        greatest = max(greatest, bytes)
    }
    return (all, greatest)
}

private func parent(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
}
