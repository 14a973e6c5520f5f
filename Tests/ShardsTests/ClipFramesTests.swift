// Frames come back as they were stored, compressed or not, and no index is believed that cannot be true.

import EchoCore
import Files
import Foundation
import Shards
import Testing
import TestSupport

@Suite struct ClipFramesTests {
    private func withShard(_ tensor: (shape: [Int], bytes: [UInt8]), _ body: (SafetensorsFile) throws -> Void)
        throws
    {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("a.safetensors").path
            var writer = try SafetensorsWriter(path, tensors: [("clip", .u8, tensor.shape)])
            try writer.add("clip", .u8, shape: tensor.shape, bytes: tensor.bytes)
            try writer.finish()
            try body(SafetensorsFile(path: path))
        }
    }

    @Test(arguments: Compression.allCases, [[5, 24, 32], [3, 16, 16, 3], [1, 1, 1]])
    func `frames come back as they were stored`(compression: Compression, shape: [Int]) throws {
        var random = SeededRandom(seed: 3, "frames")
        let pixels = (0..<shape.reduce(1, *)).map { _ in UInt8(random.below(256)) }
        let size = shape.dropFirst().reduce(1, *)
        try withShard(compression.tensor(pixels, shape: shape)) { file in
            let clip = try ClipFrames("clip", in: file)
            #expect(clip.count == shape[0] && clip.height == shape[1] && clip.width == shape[2])
            #expect(clip.channels == (shape.count == 4 ? 3 : 1))
            for frame in (0..<clip.count).reversed() {
                #expect(try Array(clip.frame(frame)) == Array(pixels[frame * size..<(frame + 1) * size]))
            }
        }
    }

    @Test func `a flipped byte of the index or of a frame is refused or read, never a crash`() throws {
        let pixels = [UInt8](repeating: 7, count: 2 * 8 * 8)
        let whole = try Compression.png.tensor(pixels, shape: [2, 8, 8])
        for place in whole.bytes.indices {
            var bytes = whole.bytes
            bytes[place] ^= 0x81
            try withShard((whole.shape, bytes)) { file in
                guard let clip = try? ClipFrames("clip", in: file) else { return }
                for frame in 0..<clip.count { _ = try? clip.frame(frame) }
            }
        }
        for count in 0..<40 {
            try withShard(([count], Array(whole.bytes[..<count]))) { file in
                #expect(throws: EchoError.self) { try ClipFrames("clip", in: file) }
            }
        }
    }
}
