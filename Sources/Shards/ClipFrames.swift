// The frames of one clip in a shard, stored as they are or compressed without loss; the reader need not know which.

package import EchoCore
package import Foundation
import Pictures

/// How the frames of a clip are stored.
package enum Compression: String, Sendable, CaseIterable, Codable {
    /// U8 [frames, height, width] or [frames, height, width, 3]: mapped and read without a copy.
    case none
    /// U8 [bytes]: an index of 64-bit little-endian numbers, then every frame as a PNG file. The index holds the
    /// number of frames and, for each, where it begins in the tensor; last, where the last one ends.
    case png

    /// The tensor of a clip: its shape and its bytes.
    ///
    /// - Parameter shape: [frames, height, width] or [frames, height, width, 3], which `pixels` fill
    package func tensor(_ pixels: [UInt8], shape: [Int]) throws(EchoError) -> (shape: [Int], bytes: [UInt8]) {
        guard self == .png else { return (shape, pixels) }
        let size = shape.dropFirst().reduce(1, *)
        var index = [shape[0]]
        var files: [UInt8] = []
        let start = 8 * (shape[0] + 2)
        for frame in 0..<shape[0] {
            index.append(start + files.count)
            let picture = Picture(
                width: shape[2], height: shape[1], channels: shape.count == 4 ? 3 : 1,
                pixels: Array(pixels[frame * size..<(frame + 1) * size]))
            files += try picture.png()
        }
        index.append(start + files.count)
        let bytes =
            index.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } } + files
        return ([bytes.count], bytes)
    }
}

/// A clip in a shard: frames U8 [height, width, channels], each read when it is asked for.
package struct ClipFrames: Sendable {
    package let count: Int, height: Int, width: Int, channels: Int
    private let file: SafetensorsFile
    private let name: String
    /// Where each frame begins in a compressed tensor, and where the last one ends; empty if it is not compressed.
    private let index: [Int]

    /// - Throws: `EchoError` if the shard has no such clip, or the tensor is none
    package init(_ name: String, in file: SafetensorsFile) throws(EchoError) {
        self.file = file
        self.name = name
        let tensor = try file.info(name)
        let shape = tensor.shape
        if tensor.dtype == .u8, shape.count == 3 || shape.count == 4 && shape[3] == 3, !shape.contains(0) {
            (count, height, width) = (shape[0], shape[1], shape[2])
            channels = shape.count == 4 ? 3 : 1
            index = []
        } else if tensor.dtype == .u8, shape.count == 1, let index = ClipFrames.index(try file.bytes(name)) {
            self.index = index
            count = index.count - 1
            let first = try Picture(png: Array(file.bytes(name, range: index[0]..<index[1])))
            (height, width, channels) = (first.height, first.width, first.channels)
        } else {
            throw EchoError(file.path, "tensor \(brief(name)) is no clip")
        }
    }

    /// One frame; not copied unless it is compressed.
    package func frame(_ number: Int) throws(EchoError) -> Data {
        precondition((0..<count).contains(number), "a frame is one of the clip's")
        let size = height * width * channels
        guard !index.isEmpty else { return try file.bytes(name, range: number * size..<(number + 1) * size) }
        let picture = try Picture(png: Array(file.bytes(name, range: index[number]..<index[number + 1])))
        guard picture.height == height, picture.width == width, picture.channels == channels else {
            throw EchoError(file.path, "frame \(number) of a clip has another size than the first")
        }
        return Data(picture.pixels)
    }

    /// The index at the beginning of a compressed tensor, nil if there is none that can be true.
    private static func index(_ bytes: Data) -> [Int]? {
        func number(_ place: Int) -> Int? {
            guard place >= 0, bytes.count / 8 > place else { return nil }
            let start = bytes.startIndex + 8 * place
            return Int(
                exactly: bytes[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
        guard let count = number(0), count > 0, count < bytes.count / 8 else { return nil }
        let index = (1...count + 1).compactMap(number)
        guard index.count == count + 1, index[0] == 8 * (count + 2), index[count] == bytes.count,
            zip(index, index.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        return index
    }
}
