import Crop
import EchoCore
import Testing

@Suite struct JudgementTests {
    @Test(
        arguments: [
            ([], nil, nil), ([(1, 1)], nil, ClipKind.bmode), ([(1, 1), (1, 2)], nil, .doppler),
            ([(1, 1), (2, 1)], nil, .mMode), ([(1, 1), (3, 4), (1, 2)], nil, .spectral),
            ([(1, 3)], nil, .spectral),
            ([(0, 2), (4, 10), (5, 1)], nil, nil), ([(1, 10)], nil, nil), ([(1, 1)], 0x11, .doppler),
            ([], 0x1, .bmode), ([], 0x2, .mMode), ([], 0x9, .spectral), ([], 0x11, .doppler),
            ([], 0x101, .doppler),
            ([], 0x21, .mMode), ([], 0x41, .threeD), ([], 0x200, nil), ([(1, 1)], 0x1, .bmode),
        ] as [([(Int, Int)], UInt32?, ClipKind?)]) func `tags tell what they can`(
            regions: [(Int, Int)], flags: UInt32?, kind: ClipKind?
        )
    {
        let regions = regions.map {
            UltrasoundRegion(spatialFormat: $0.0, dataType: $0.1, minX: 0, minY: 0, maxX: 9, maxY: 9)
        }
        #expect(judge(frames: 30, regions: regions, imageTypeFlags: flags)?.kind == kind)
    }

    @Test func `one frame is a still whatever the tags say`() throws {
        let judgement = try #require(judge(frames: 1, regions: [], imageTypeFlags: 1))
        #expect(judgement.kind == .still && judgement.rule == "frames" && judgement.isSettled)
    }

    /// A sector of which a block of `columns` columns, 50 rows high, is red in one frame out of three.
    private func clip(colouredColumns columns: Int, by amount: UInt8 = 40, of frames: Int = 3) -> Clip {
        let chroma = Sector.chroma(frames: frames) { frame, y, x in
            let coloured = frame == 1 && (50..<100) ~= y && (80..<80 + columns) ~= x
            return coloured ? (128, 128 + amount) : (128, 128)
        }
        return Sector.clip(seed: 11, frames: frames, chroma: chroma)
    }

    @Test(arguments: [
        (0, ClipKind.bmode), (1, .bmode), (4, .bmode), (20, .doppler),
    ]) func `the frame with the most colour decides, and thin lines do not count`(
        columns: Int, kind: ClipKind
    ) throws {
        let clip = clip(colouredColumns: columns)
        let judgement = judge(clip: clip, mask: try sectorMask(of: clip), tags: nil)
        #expect(judgement.kind == kind)
        #expect(judgement.rule == "colour" && judgement.judgedFrames == 3)
        let share = try #require(judgement.colourShare)
        #expect(columns < 5 ? share == 0 : share > 0.05)
    }

    @Test func `weak colour is none`() throws {
        let clip = clip(colouredColumns: 20, by: 19)
        #expect(judge(clip: clip, mask: try sectorMask(of: clip), tags: nil).colourShare == 0)
    }

    @Test func `a little colour leaves the clip uncertain`() throws {
        let clip = clip(colouredColumns: 5, of: 3)
        let judgement = judge(clip: clip, mask: try sectorMask(of: clip), tags: nil)
        #expect(judgement.kind == (judgement.colourShare ?? 0 >= 0.02 ? .doppler : .uncertain))
        #expect((judgement.colourShare ?? 0) > 0.005)
    }

    @Test func `a clip without chroma is B-mode`() throws {
        let clip = Sector.clip(seed: 1)
        let judgement = judge(clip: clip, mask: try sectorMask(of: clip), tags: nil)
        #expect(judgement.kind == .bmode && judgement.rule == "gray")
    }

    @Test func `tags and pixels that disagree leave the clip uncertain`() throws {
        let coloured = clip(colouredColumns: 20), plain = clip(colouredColumns: 0)
        let region = UltrasoundRegion(spatialFormat: 1, dataType: 1, minX: 0, minY: 0, maxX: 9, maxY: 9)
        let bmode = judge(frames: 3, regions: [region], imageTypeFlags: nil)
        let doppler = judge(frames: 3, regions: [], imageTypeFlags: 0x11)
        let mask = try sectorMask(of: coloured)
        let kinds = [(coloured, bmode), (plain, doppler), (plain, bmode), (coloured, doppler)].map {
            judge(clip: $0.0, mask: mask, tags: $0.1)
        }
        #expect(kinds.map(\.kind) == [.uncertain, .uncertain, .bmode, .doppler])
        #expect(kinds[0].rule == "tags-against-pixels" && kinds[0].tagKind == .bmode)
    }

    @Test func `one coloured patch beside grays is no tinted map`() throws {
        let region = UltrasoundRegion(spatialFormat: 1, dataType: 1, minX: 0, minY: 0, maxX: 9, maxY: 9)
        let chroma = Sector.chroma(frames: 3) { _, y, _ in y < 50 ? (128, 128) : (162, 104) }
        var frames = speckle(
            seed: 13, frames: 3, height: Sector.height, width: Sector.width, inside: Sector.contains)
        for frame in 0..<3 {
            for y in 50..<Sector.height {
                for x in 0..<Sector.width where Sector.contains(y, x) {
                    frames[frame][y * Sector.width + x] = UInt8(90 + frame)
                }
            }
        }
        let patch = CropTests.clip(frames, height: Sector.height, width: Sector.width, chroma: chroma)
        let tags = judge(frames: 3, regions: [region], imageTypeFlags: nil)
        let mask = try sectorMask(of: patch)
        #expect((judge(clip: patch, mask: mask, tags: nil).neutralShare ?? 1) < 0.2)
        #expect(judge(clip: patch, mask: mask, tags: nil).kind == .doppler)
        #expect(judge(clip: patch, mask: mask, tags: tags).kind == .uncertain)
    }

    @Test func `a tinted map is B-mode, and Doppler on it is found`() throws {
        let tinted = Sector.chroma(frames: 3) { _, _, _ in (100, 150) }
        let flow = Sector.chroma(frames: 3) { _, y, x in
            (60..<90) ~= y && (70..<90) ~= x ? (180, 90) : (100, 150)
        }
        let judgements = try [tinted, flow].map { chroma in
            let clip = Sector.clip(seed: 12, frames: 3, chroma: chroma)
            return judge(clip: clip, mask: try sectorMask(of: clip), tags: nil)
        }
        #expect(judgements.map(\.kind) == [.bmode, .doppler])
        #expect(judgements.allSatisfy { $0.rule == "tint" && ($0.neutralShare ?? 1) < 0.2 })
    }
}
