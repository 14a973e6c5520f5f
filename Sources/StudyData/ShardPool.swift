// The frames of clips, straight from the mapped shards; a shard is opened when its first clip is asked for.

package import Catalog
package import EchoCore
package import Foundation
package import Shards
import Synchronization

/// The open shards of a dataset, for any number of threads.
package final class ShardPool: Sendable {
    private let folder: String
    private let open = Mutex<[String: SafetensorsFile]>([:])

    package init(dataset: String) { folder = dataset + "/shards" }

    /// A stored clip: frames U8 [side, side, channels], each a slice of the map unless the shard is compressed.
    package struct Pixels: Sendable {
        private let clip: ClipFrames
        package var frames: Int { clip.count }
        package var side: Int { clip.height }
        package var channels: Int { clip.channels }

        fileprivate init(_ stored: StoredClip, in file: SafetensorsFile) throws(EchoError) {
            do throws(EchoError) {
                clip = try ClipFrames(stored.tensor, in: file)
            } catch {
                throw EchoError(
                    "shards/\(stored.shard)", "does not hold a clip that the database names",
                    try: "run echoprep verify on the dataset")
            }
            guard clip.count == stored.frames, clip.height == clip.width else {
                throw EchoError(
                    "shards/\(stored.shard)", "a clip is not \(stored.frames) square frames of bytes",
                    try: "run echoprep verify on the dataset")
            }
        }

        package func frame(_ index: Int) throws(EchoError) -> Data { try clip.frame(index) }
    }

    package func pixels(of clip: StoredClip) throws(EchoError) -> Pixels {
        try Pixels(clip, in: shard(clip.shard))
    }

    private func shard(_ name: String) throws(EchoError) -> SafetensorsFile {
        let result = open.withLock { open -> Result<SafetensorsFile, EchoError> in
            if let file = open[name] { return .success(file) }
            return Result { () throws(EchoError) in
                let file = try opened(
                    folder + "/" + name, as: "shards/\(name)", try: "run echoprep verify on the dataset")
                open[name] = file
                return file
            }
        }
        return try result.get()
    }
}

/// Opens a safetensors file; errors name it as the user knows it, not by its path on this machine.
package func opened(_ path: String, as place: String, try remedy: String) throws(EchoError) -> SafetensorsFile
{
    do throws(EchoError) {
        return try SafetensorsFile(path: path)
    } catch {
        throw EchoError(place, error.problem, try: remedy)
    }
}
