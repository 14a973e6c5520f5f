// Where a run keeps what: the one place that knows the names of its files.

package import EchoCore
package import Files
import Foundation

/// The folder of one training run.
package struct RunFolder: Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    package var config: String { path + "/config.json" }
    /// The studies behind the run's weights.
    package var studies: String { path + "/studies.csv" }
    package var metrics: String { path + "/metrics.jsonl" }
    package var checkpoints: String { path + "/checkpoints" }
    /// Weights of the best validation loss.
    package var best: String { checkpoints + "/best.safetensors" }
    /// Weights of the last checkpoint, and what else it takes to go on from there.
    package var last: String { checkpoints + "/last.safetensors" }
    package var state: String { checkpoints + "/last.state.safetensors" }
    /// Weights on their way to `last`: `state` decides which of the two it goes with.
    package var pending: String { checkpoints + "/next.safetensors" }
    /// The weights after an epoch, where they are kept.
    package func kept(epoch: Int) -> String {
        checkpoints + "/epoch-" + String(format: "%04d", epoch) + ".safetensors"
    }

    /// Of a grid of heads: what the encoder says of each study, and how good each head is.
    package var features: String { path + "/features.safetensors" }
    package var probes: String { path + "/probe-grid.csv" }

    package var events: String { path + "/tensorboard/events.out.tfevents.0.echoprep" }
    package var pictures: String { path + "/pictures" }

    package func picture(epoch: Int) -> String {
        pictures + "/epoch-" + String(format: "%04d", epoch) + ".png"
    }

    /// A file's path inside the folder, for messages.
    package static func place(_ path: String) -> String {
        path.split(separator: "/").suffix(2).joined(separator: "/")
    }

    /// Makes the folders; an existing run's stay as they are.
    private func create() throws(EchoError) {
        for folder in [path, checkpoints, pictures, path + "/tensorboard"] {
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw EchoError(
                    "--run \(path)", "the folder cannot be made", try: "check its path and permissions")
            }
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            throw EchoError("--run \(path)", "the folder cannot be written", try: "check its permissions")
        }
    }

    /// Makes the folders, and keeps other processes from training here until the lock goes.
    package func lock() throws(EchoError) -> FileLock {
        try create()
        guard let lock = try FileLock.take(path + "/.train.lock") else {
            throw EchoError(
                "--run", "another echoprep train is at work in the folder",
                try: "wait for it, or name another folder")
        }
        return lock
    }

    /// The configuration of the run that lives here; nil for a new folder.
    package func configuration() throws(EchoError) -> RunConfiguration? {
        guard FileManager.default.fileExists(atPath: config) else { return nil }
        return try RunConfiguration(run: path)
    }

    /// `target` as seen from this folder where both lie under one folder other than the root; else absolute.
    package func relative(_ target: String) -> String {
        func parts(_ path: String) -> [String] {
            URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().pathComponents
        }
        let (here, there) = (parts(path), parts(target))
        let shared = zip(here, there).prefix { $0 == $1 }.count
        guard shared > 1 else {
            return there.joined(separator: "/").replacingOccurrences(of: "//", with: "/")
        }
        return (Array(repeating: "..", count: here.count - shared) + there[shared...]).joined(separator: "/")
    }

    /// The inverse of `relative`.
    package func resolve(_ target: String) -> String { target.hasPrefix("/") ? target : path + "/" + target }
}
