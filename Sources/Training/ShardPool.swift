// The frames of clips, straight from the mapped shards; a shard is opened when its first clip is asked for.

package import Catalog
package import EchoCore
package import Foundation
package import Shards

/// The open shards of a dataset, for any number of threads.
package final class ShardPool: Sendable {
    private let folder: String
    private let open = Locked<[String: SafetensorsFile]>([:])

    package init(dataset: String) { folder = dataset + "/shards" }

    /// A stored clip: frames U8 [side, side, channels], each a slice of the map.
    package struct Pixels: Sendable {
        package let frames: Int, side: Int, channels: Int
        private let file: SafetensorsFile
        private let name: String

        fileprivate init(_ clip: StoredClip, in file: SafetensorsFile) throws(EchoError) {
            guard let tensor = file.tensors[clip.name] else {
                throw EchoError(
                    "shards/\(clip.shard)", "does not hold the clip \(clip.name) that the database names",
                    try: "run echoprep verify on the dataset")
            }
            let shape = tensor.shape
            guard tensor.dtype == .u8, 3...4 ~= shape.count, shape[0] == clip.frames, shape[0] > 0,
                shape[1] == shape[2], shape[1] > 0, shape.count == 3 || shape[3] == 3
            else {
                throw EchoError(
                    "shards/\(clip.shard)", "\(clip.name) is not \(clip.frames) square frames of bytes",
                    try: "run echoprep verify on the dataset")
            }
            frames = shape[0]
            side = shape[1]
            channels = shape.count == 4 ? 3 : 1
            self.file = file
            name = clip.name
        }

        package func frame(_ index: Int) throws(EchoError) -> Data {
            let size = side * side * channels
            return try file.bytes(name, range: index * size..<(index + 1) * size)
        }
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
