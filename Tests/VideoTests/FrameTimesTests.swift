// Frame times of AVI and MP4: one rate where steps are equal, a time for each frame where they are not.

import EchoCore
import Testing
import Video

@Suite struct FrameTimesTests {
    private let clip = smoothClip(frames: 6, height: 32, width: 48, sampling: .quarter)

    @Test(arguments: [VideoEncoder.Format.avi, .mp4], [24, 30, 50])
    func `equal steps are one rate`(format: VideoEncoder.Format, rate: Int) throws {
        let file = try VideoEncoder(format, framesPerSecond: rate).encode(clip)
        let header = try openClip(file, name: "even").header
        #expect(header.framesPerSecond == Double(rate))
        #expect(header.frameTimes == nil)
    }

    @Test func `a frame that an AVI leaves out is a step twice as long`() throws {
        var file = try VideoEncoder(.avi, framesPerSecond: 25).encode(clip)
        func place(_ name: String) throws -> Int {
            try #require(file.indices.dropLast(4).first { file[$0..<$0 + 4].elementsEqual(name.utf8) })
        }
        func size(_ chunk: Int) -> Int { (0..<4).reduce(0) { $0 | Int(file[chunk + 4 + $1]) << (8 * $1) } }
        var third = try place("movi") + 4
        for _ in 0..<2 { third += 8 + size(third) + size(third) % 2 }
        // A chunk of no bytes: what was shown before stays. What its bytes were becomes a chunk that is skipped.
        let rest = size(third) + size(third) % 2 - 8
        file.replaceSubrange(
            third + 4..<third + 16, with: little(0, 4) + Array("JUNK".utf8) + little(rest, 4))
        let entry = try place("idx1") + 8 + 2 * 16
        file.replaceSubrange(entry + 12..<entry + 16, with: little(0, 4))
        let header = try openClip(file, name: "left out").header
        #expect(header.frames == 5)
        #expect(try openClip(file, name: "left out").decode(maxFrames: nil).shortfall == nil)
        #expect(header.frameTimes == [0, 40, 120, 160, 200])
        #expect(header.framesPerSecond == 20)
    }
}
