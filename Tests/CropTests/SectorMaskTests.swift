import Crop
import EchoCore
import Testing

@Suite struct SectorMaskTests {
    @Test(arguments: [UInt64(1), 2, 3]) func `a filled sector is its own mask, two pixels wider`(seed: UInt64)
        throws
    {
        let mask = try sectorMask(of: Sector.clip(seed: seed))
        #expect(mask.flags == [.gray])
        // Where a square of 21 pixels fits into the sector is the sector again once it is dilated.
        var shape = Bitmap(height: Sector.height, width: Sector.width)
        for y in 0..<Sector.height { for x in 0..<Sector.width { shape[y, x] = Sector.contains(y, x) } }
        let opened = shape.opened(by: 10)
        var outline = Bitmap(height: Sector.height, width: Sector.width)
        for hull in opened.hulls { outline.drawOutline(of: hull) }
        #expect(opened.hulls.count == 1)
        #expect(mask.bitmap == outline.beyondFillFromCorner)
        #expect(mask.share > 0.3 && mask.share < 0.6)
    }

    @Test func `an ECG trace and burnt-in text below the sector stay outside`() throws {
        let plain = try sectorMask(of: Sector.clip(seed: 4))
        let drawn = (0..<4).map { frame in
            (0..<Sector.height * Sector.width).map { i in
                let y = i / Sector.width, x = i % Sector.width
                let trace = y > 112 && (y - 114 + x + frame) % 6 < 3
                let text = y < 12 && x > 120 && (x + y) % 3 == 0
                return trace || text ? UInt8(200) : 0
            }
        }
        let speckled = Sector.clip(seed: 4)
        let luma = zip(speckled.luma, drawn.joined()).map { max($0, $1) }
        let mask = try sectorMask(
            of: Clip(frames: 4, height: Sector.height, width: Sector.width, luma: luma, chroma: nil))
        #expect(mask.inside == plain.inside)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4]) func `the order of the inner frames does not matter`(seed: UInt64)
        throws
    {
        var random = SeededRandom(seed: seed, "order")
        var frames = speckle(seed: seed, frames: 6, height: 60, width: 70) { y, x in
            (y - 30) * (y - 30) + (x - 35) * (x - 35) < 500
        }
        for frame in frames.indices {
            for i in frames[frame].indices where random.uniform() < 0.1 { frames[frame][i] = 0 }
        }
        let before = try sectorMask(of: clip(frames, height: 60, width: 70))
        frames[1..<5].shuffle(using: &random)
        #expect(try sectorMask(of: clip(frames, height: 60, width: 70)) == before)
    }

    @Test func `equal first and last frames leave the lit pixels to decide`() throws {
        let moving = speckle(seed: 7, frames: 3, height: 80, width: 80) { y, x in
            (20..<70) ~= y && (20..<70) ~= x
        }
        let still = try sectorMask(of: clip([moving[0], moving[1], moving[0]], height: 80, width: 80))
        #expect(still.flags == [.gray, .countAlone])
        #expect(still.inside == (try sectorMask(of: clip(moving, height: 80, width: 80))).inside)
    }

    @Test func `255 frames do not turn black`() throws {
        let frames = speckle(seed: 8, frames: 255, height: 40, width: 40) { y, x in y >= 12 && x >= 12 }
        let mask = try sectorMask(of: clip(frames, height: 40, width: 40))
        #expect(mask.flags == [.gray, .manyFrames])
        #expect(mask.share > 0.4)
    }

    @Test func `a clip without a lit square has no sector`() {
        let thin = speckle(seed: 9, frames: 3, height: 50, width: 50) { y, _ in (20..<40) ~= y }
        #expect(throws: Rejection(.noSector, "no square of 21 by 21 pixels is lit")) {
            try sectorMask(of: clip(thin, height: 50, width: 50))
        }
    }

    @Test func `colour lights a pixel whose luma is 0, and neutral noise does not`() throws {
        var frames = speckle(seed: 10, frames: 3, height: 60, width: 60) { y, x in
            (14..<46) ~= y && (14..<46) ~= x
        }
        // A hole of Y = 0 in every frame, which only its colour lights.
        for frame in frames.indices {
            for i in 0..<100 { frames[frame][(25 + i / 10) * 60 + 25 + i % 10] = 0 }
        }
        func mask(_ cb: UInt8, _ cr: UInt8) throws -> SectorMask {
            let count = 3 * 60 * 60
            let chroma = Clip.Chroma(
                sampling: .full, cb: .init(repeating: cb, count: count),
                cr: .init(repeating: cr, count: count))
            return try sectorMask(of: clip(frames, height: 60, width: 60, chroma: chroma))
        }
        #expect(throws: Rejection.self) { try mask(129, 127) }
        #expect(try mask(120, 120).flags.isEmpty)
    }
}
