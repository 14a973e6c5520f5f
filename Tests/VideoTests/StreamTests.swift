import DICOM
import EchoCore
import Testing
import Video

@Suite struct StreamTests {
    private let clip = smoothClip(frames: 9, height: 64, width: 96, sampling: .quarter)

    @Test(arguments: [ChromaSampling.full, .half, .quarter])
    func `AVI of Motion JPEG comes back in its own sampling`(sampling: ChromaSampling) throws {
        let clip = smoothClip(frames: 5, height: 64, width: 96, sampling: sampling)
        let source = try openClip(try VideoEncoder(.avi, framesPerSecond: 50).encode(clip), name: "a.avi")
        #expect(source.header.container == "avi")
        #expect(source.header.codec == "mjpeg")
        #expect(source.header.frames == 5)
        #expect(source.header.framesPerSecond == 50)
        let decoded = try source.decode(maxFrames: nil)
        #expect(decoded.salvaged == nil)
        #expect(decoded.clip.chroma?.sampling == sampling)
        #expect(mean(decoded.clip.luma, clip.luma) < 1)
        #expect(mean(decoded.clip.chroma?.cb ?? [], clip.chroma?.cb ?? []) < 1)
    }

    @Test func `MP4 of limited range comes back in full range`() throws {
        let source = try openClip(
            try VideoEncoder(.mp4, framesPerSecond: 25, quantiser: 1).encode(clip), name: "a.mp4")
        #expect(source.header.container == "mp4")
        #expect(source.header.frames == 9)
        #expect(source.header.framesPerSecond == 25)
        let decoded = try source.decode(maxFrames: nil)
        #expect(decoded.clip.frames == 9)
        #expect(mean(decoded.clip.luma, clip.luma) < 1)
        #expect(try source.decode(maxFrames: 4).clip.frames == 4)
        #expect(try source.decode(maxFrames: 4).salvaged == nil)
    }

    @Test(arguments: [
        ("mpeg2video", "mpeg2video", TransferSyntax.mpeg2), ("mpegts", "mpeg2video", .mpeg2),
        ("mp4", "libx264", .h264), ("mpegts", "libx264", .h264), ("mp4", "libx265", .hevc),
    ])
    func `a video stream in DICOM is decoded whole`(container: String, codec: String, syntax: TransferSyntax)
        throws
    {
        let bytes: [UInt8]
        do {
            bytes = try VideoEncoder(container, codec, 25, 1).encode(clip)
        } catch {
            // This build of libavcodec cannot write what it can read.
            return
        }
        let file = BrokenFile(syntax, pixels: encapsulated(pieces(bytes, 3))) {
            $0.add(.numberOfFrames, .IS, 9)
        }
        let source = try openClip(file.bytes, name: "a.dcm")
        #expect(source.header.container == "dicom")
        #expect(source.header.codec == syntax.uid)
        let decoded = try source.decode(maxFrames: nil)
        #expect(decoded.clip.frames == 9)
        #expect(decoded.salvaged == nil)
        #expect(mean(decoded.clip.luma, clip.luma) < 2)
    }

    @Test func `the same clip gives the same bytes`() throws {
        for format in [VideoEncoder.Format.avi, .mp4] {
            #expect(try VideoEncoder(format).encode(clip) == VideoEncoder(format).encode(clip))
        }
        #expect(try JPEGEncoder().encode(clip) == JPEGEncoder().encode(clip))
    }
}

/// The mean difference of two planes; 255 if they differ in size.
private func mean(_ a: [UInt8], _ b: [UInt8]) -> Double {
    guard a.count == b.count, !a.isEmpty else { return 255 }
    return Double(zip(a, b).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }) / Double(a.count)
}
