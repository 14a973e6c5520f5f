import Crop
import DICOM
import EchoCore
import Testing
import Video

@Suite struct JPEGTests {
    @Test(arguments: [ChromaSampling.full, .half, .quarter, nil], [(64, 48), (37, 51), (8, 9), (1, 1)])
    func `planes survive a JPEG round trip`(sampling: ChromaSampling?, size: (Int, Int)) throws {
        let clip = smoothClip(frames: 3, height: size.0, width: size.1, sampling: sampling)
        let source = try openClip(dicom(try JPEGEncoder(quality: 98).encode(clip)).bytes(), name: "a.dcm")
        #expect(source.header.frames == 3)
        #expect(source.header.height == size.0 && source.header.width == size.1)
        let decoded = try source.decode(maxFrames: nil)
        #expect(decoded.salvaged == nil)
        #expect(decoded.clip.chroma?.sampling == sampling)
        #expect(worst(decoded.clip.luma, clip.luma) <= 6)
        #expect(worst(decoded.clip.chroma?.cb ?? [], clip.chroma?.cb ?? []) <= 6)
        #expect(worst(decoded.clip.chroma?.cr ?? [], clip.chroma?.cr ?? []) <= 6)
        #expect(try source.decode(maxFrames: 2).clip.frames == 2)
    }

    @Test(arguments: [1, 3]) func `a picture of red, green and blue survives a JPEG round trip`(
        channels: Int
    ) throws {
        let (height, width) = (40, 56)
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let colour = [UInt8(4 * x), UInt8(6 * y), UInt8(200 - 3 * x)]
                pixels += colour.prefix(channels)
            }
        }
        let picture = try JPEGEncoder(quality: 98).encode(
            pixels, height: height, width: width, channels: channels)
        let clip = try openClip(dicom([picture]).bytes(), name: "a.dcm").decode(maxFrames: nil).clip
        #expect((clip.chroma == nil) == (channels == 1))
        let seen = rgbFrame(of: clip, at: 0)
        #expect(worst(channels == 3 ? seen : clip.luma, pixels) <= 8)
    }

    @Test(
        arguments: [ChromaSampling.full, .half, .quarter, nil],
        [(64, 48), (37, 51), (8, 9), (1, 1), (90, 70)])
    func `what a decoder gathers is the footprint of its planes`(
        sampling: ChromaSampling?, size: (Int, Int)
    ) throws {
        let clip = blinkingClip(frames: 5, height: size.0, width: size.1, sampling: sampling)
        var frames = try JPEGEncoder(quality: 90).encode(clip)
        let whole = try openClip(dicom(frames).bytes(), name: "a.dcm").decode(maxFrames: nil).clip
        #expect(whole.footprint == footprint(whole))
        // Half a frame is not kept, and leaves nothing.
        frames[4].removeLast(frames[4].count / 4)
        let cut = try openClip(dicom(frames).bytes(), name: "a.dcm").decode(maxFrames: nil).clip
        #expect(cut.frames == 4)
        #expect(cut.footprint == footprint(cut))
    }

    @Test func `frames before a broken one are kept, and the reason is told`() throws {
        let clip = smoothClip(frames: 3, height: 48, width: 64, sampling: .half)
        var frames = try JPEGEncoder(quality: 90).encode(clip)
        frames[2].removeLast(frames[2].count / 3)
        let decoded = try openClip(dicom(frames).bytes(), name: "a.dcm").decode(maxFrames: nil)
        #expect(decoded.clip.frames == 2)
        #expect(decoded.shortfall?.reason == .undecodable)
    }
}

/// The footprint as `Clip` finds it in its planes.
private func footprint(_ clip: Clip) -> Footprint {
    Clip(
        frames: clip.frames, height: clip.height, width: clip.width, luma: clip.luma, chroma: clip.chroma
    ).footprint
}

/// Black and without colour but for blocks of 8 × 8, of which each frame has others.
private func blinkingClip(frames: Int, height: Int, width: Int, sampling: ChromaSampling?) -> Clip {
    var random = SeededRandom(seed: 7, "blinking", height, width)
    func plane(_ rows: Int, _ columns: Int, _ neutral: UInt8) -> [UInt8] {
        (0..<frames).flatMap { _ in
            let blocks = (0..<(rows + 7) / 8 * ((columns + 7) / 8)).map { _ in
                random.below(6) == 0 ? UInt8(random.below(256)) : neutral
            }
            return (0..<rows * columns).map { i in
                blocks[i / columns / 8 * ((columns + 7) / 8) + i % columns / 8]
            }
        }
    }
    let luma = plane(height, width, 0)
    let chroma = sampling.map { sampling in
        let (rows, columns) = (sampling.rows(height), sampling.columns(width))
        return Clip.Chroma(sampling: sampling, cb: plane(rows, columns, 128), cr: plane(rows, columns, 128))
    }
    return Clip(frames: frames, height: height, width: width, luma: luma, chroma: chroma)
}

/// A DICOM file with these coded frames.
func dicom(
    _ frames: [[UInt8]], syntax: TransferSyntax = .jpegBaseline, table: DICOMWriter.OffsetTable = .empty
) -> DICOMWriter {
    var writer = DICOMWriter(
        sopClass: DICOMWriter.ultrasoundMultiFrame, sopInstance: "2.25.1", transferSyntax: syntax)
    writer.dataset.add(.photometricInterpretation, .CS, "YBR_FULL_422")
    writer.dataset.add(.numberOfFrames, .IS, frames.count)
    writer.addPixels(frames: frames, offsetTable: table)
    return writer
}

/// Slow gradients in all planes, moving with the frames.
func smoothClip(frames: Int, height: Int, width: Int, sampling: ChromaSampling?) -> Clip {
    func plane(_ rows: Int, _ columns: Int, _ seed: Int) -> [UInt8] {
        (0..<frames * rows * columns).map { index in
            let (frame, row, column) = (index / (rows * columns), index / columns % rows, index % columns)
            return UInt8(100 + (row * seed + column * 2 + frame * 5) % 256 / 4)
        }
    }
    let chroma = sampling.map { sampling in
        let (rows, columns) = (sampling.rows(height), sampling.columns(width))
        // Not like luma: three planes that are alike would be R, G, B of a gray picture.
        let cb = plane(rows, columns, 1).map { 255 - $0 }
        return Clip.Chroma(sampling: sampling, cb: cb, cr: plane(rows, columns, 3).map { $0 + 60 })
    }
    return Clip(frames: frames, height: height, width: width, luma: plane(height, width, 2), chroma: chroma)
}

/// The greatest difference of two planes; 255 if they differ in size.
func worst(_ a: [UInt8], _ b: [UInt8]) -> Int {
    guard a.count == b.count else { return 255 }
    return zip(a, b).map { abs(Int($0) - Int($1)) }.max() ?? 0
}
