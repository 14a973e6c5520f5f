import Crop
import EchoCore
import Testing

@Suite struct CroppedPixelsTests {
    @Test(arguments: [(5, 7), (224, 224), (568, 568), (30, 31), (1, 1), (2, 3)])
    func `a constant picture stays constant`(height: Int, width: Int) {
        var resizer = CubicResizer(height: height, width: width, size: 50)
        for value in [UInt8(0), 1, 77, 128, 254, 255] {
            var result = [UInt8](repeating: 9, count: 50 * 50)
            resizer.resize([UInt8](repeating: value, count: height * width).span, into: &result)
            #expect(result.allSatisfy { $0 == value })
        }
    }

    @Test func `the same size is the same picture`() {
        var random = SeededRandom(seed: 1, "resize")
        let picture = (0..<40 * 40).map { _ in UInt8(random.below(256)) }
        var resizer = CubicResizer(height: 40, width: 40, size: 40)
        var result = [UInt8](repeating: 0, count: 40 * 40)
        resizer.resize(picture.span, into: &result)
        #expect(result == picture)
    }

    @Test(arguments: 0..<12) func `resizing is the sum of sixteen weighted samples`(seed: UInt64) {
        var random = SeededRandom(seed: seed, "resize")
        let height = 1 + random.below(60), width = 1 + random.below(60), size = 1 + random.below(40)
        let picture = (0..<height * width).map { _ in UInt8(random.below(256)) }
        var resizer = CubicResizer(height: height, width: width, size: size)
        var result = [UInt8](repeating: 0, count: size * size)
        resizer.resize(picture.span, into: &result)
        for v in 0..<size {
            for u in 0..<size {
                let y = (Double(v) + 0.5) * Double(height) / Double(size) - 0.5
                let x = (Double(u) + 0.5) * Double(width) / Double(size) - 0.5
                var sum = 0.0
                for j in Int(y.rounded(.down)) - 1...Int(y.rounded(.down)) + 2 {
                    for i in Int(x.rounded(.down)) - 1...Int(x.rounded(.down)) + 2 {
                        let sample = picture[max(0, min(height - 1, j)) * width + max(0, min(width - 1, i))]
                        sum += kernel(y - Double(j)) * kernel(x - Double(i)) * Double(sample)
                    }
                }
                #expect(abs(max(0, min(255, sum)) - Double(result[v * size + u])) < 0.501)
            }
        }
    }

    @Test(arguments: 0..<12) func `a box under a mask is resized as a picture that is black outside`(
        seed: UInt64
    ) {
        var random = SeededRandom(seed: seed, "lit")
        let height = 1 + random.below(60), width = 1 + random.below(60), size = 1 + random.below(80)
        let lit = (0..<height).map { _ in
            let ends = [random.below(width + 1), random.below(width + 1)].sorted()
            return ends[0]..<ends[1]
        }
        let inside = (0..<height * width).map { i in
            lit[i / width].contains(i % width) && random.below(50) > 0 ? UInt8(255) : 0
        }
        func edge(_ length: Int) -> Range<Int> {
            let start = random.below(length + 10) - 10
            return start..<start + 1 + random.below(length + 10)
        }
        let box = CropBox(rows: edge(height), columns: edge(width))
        var resizer = CubicResizer(height: height, width: width, box: box, inside: inside, size: size)
        // Twice, because what one picture leaves must not show in the next.
        for _ in 0..<2 {
            let picture = (0..<height * width).map { _ in UInt8(random.below(256)) }
            let cut = box.rows.flatMap { y in
                box.columns.map { x in
                    guard (0..<height).contains(y), (0..<width).contains(x) else { return UInt8(0) }
                    return picture[y * width + x] & inside[y * width + x]
                }
            }
            var result = [UInt8](repeating: 0, count: size * size), expected = result
            resizer.resize(picture.span, into: &result)
            var plain = CubicResizer(height: box.rows.count, width: box.columns.count, size: size)
            plain.resize(cut.span, into: &expected)
            #expect(result == expected)
        }
    }

    @Test(arguments: CropRule.allCases) func `outside of the mask everything is black`(rule: CropRule) throws
    {
        let bright = Clip(
            frames: 2, height: 60, width: 90, luma: [UInt8](repeating: 200, count: 2 * 60 * 90), chroma: nil)
        var inside = [UInt8](repeating: 0, count: 60 * 90)
        for y in 20..<50 { for x in 30..<60 { inside[y * 90 + x] = 255 } }
        let mask = SectorMask(height: 60, width: 90, inside: inside)
        let box = try cropBox(height: 60, width: 90, rule: rule, mask: mask)
        // At the box's own size nothing is resized.
        let pixels = croppedPixels(of: bright, mask: mask, box: box, pixels: .luma, size: box.rows.count)
        #expect(pixels.count == 2 * box.rows.count * box.columns.count)
        for (i, value) in pixels.enumerated() {
            let y = box.rows.lowerBound + i / box.columns.count % box.rows.count
            let x = box.columns.lowerBound + i % box.columns.count
            #expect(value == ((20..<50) ~= y && (30..<60) ~= x ? 200 : 0))
        }
    }

    @Test func `a clip without colour has luma in every channel`() throws {
        let neutral = Sector.chroma(frames: 2) { _, _, _ in (128, 128) }
        for chroma in [neutral, nil] {
            let clip = Sector.clip(seed: 3, frames: 2, chroma: chroma)
            let mask = try sectorMask(of: clip)
            let box = try cropBox(height: clip.height, width: clip.width, rule: .echoprime, mask: mask)
            let luma = croppedPixels(of: clip, mask: mask, box: box, pixels: .luma, size: 40)
            for layout in [PixelLayout.echoprime, .rgb] {
                let pixels = croppedPixels(of: clip, mask: mask, box: box, pixels: layout, size: 40)
                #expect(pixels == luma.flatMap { [$0, $0, $0] })
            }
        }
    }

    @Test func `channels come blue first for EchoPrime and red first by JPEG's matrix`() {
        let red = Sector.chroma(frames: 1) { _, _, _ in (85, 255) }
        let clip = Clip(
            frames: 1, height: Sector.height, width: Sector.width,
            luma: [UInt8](repeating: 76, count: Sector.height * Sector.width), chroma: red)
        let mask = SectorMask.whole(height: clip.height, width: clip.width)
        let box = CropBox(rows: 0..<10, columns: 0..<10)
        let rgb = croppedPixels(of: clip, mask: mask, box: box, pixels: .rgb, size: 1)
        #expect(rgb == [254, 0, 0])
        #expect(Array(rgbFrame(of: clip, at: 0)[..<3]) == rgb)
        let (r, g, b) = ColourMatrix.echoPrime.rgb(76, 85, 255)
        #expect(croppedPixels(of: clip, mask: mask, box: box, pixels: .echoprime, size: 1) == [b, g, r])
    }
}

/// Keys' cubic convolution kernel with a = −0.75.
private func kernel(_ distance: Double) -> Double {
    let x = abs(distance), a = -0.75
    if x <= 1 { return (a + 2) * x * x * x - (a + 3) * x * x + 1 }
    return x < 2 ? a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a : 0
}
