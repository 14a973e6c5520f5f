import Crop
import EchoCore
import Testing

@Suite struct ColourTests {
    @Test func `a sample is dark only with Y = 0 and one of ten chromas`() {
        for y: UInt8 in 0...3 {
            for cb: UInt8 in 0...255 {
                for cr: UInt8 in 0...255 {
                    let lit = y >= 1 || EchoPrimeGray.isLitWithoutLuma(cb, cr)
                    if lit != (EchoPrimeGray.gray(y, cb, cr) != 0) {
                        Issue.record("Y \(y), Cb \(cb), Cr \(cr)")
                    }
                }
            }
        }
    }

    @Test func `neutral chroma makes Y of every channel`() {
        for y: UInt8 in 0...255 {
            #expect(EchoPrimeGray.gray(y, 128, 128) == y)
            #expect(((3735 + 19_235 + 9798) * Int(y) + 16_384) >> 15 == Int(y), "the weights make Y of it")
            #expect(ColourMatrix.echoPrime.rgb(y, 128, 128) == (y, y, y))
            #expect(ColourMatrix.jpeg.rgb(y, 128, 128) == (y, y, y))
        }
    }

    @Test func `JPEG's red, green and blue come back within a level`() {
        #expect(ColourMatrix.jpeg.rgb(76, 85, 255) == (254, 0, 0))
        #expect(ColourMatrix.jpeg.rgb(150, 44, 21) == (0, 255, 1))
        #expect(ColourMatrix.jpeg.rgb(29, 255, 107) == (0, 0, 254))
    }

    @Test(arguments: ChromaSampling.allCases, [1, 2, 3, 4, 5, 6, 17, 64, 65])
    func `rows and single samples of chroma agree`(sampling: ChromaSampling, width: Int) throws {
        var random = SeededRandom(seed: 5, "chroma", sampling.rawValue, width)
        let height = 1 + random.below(7), frames = 2
        let plane = frames * sampling.rows(height) * sampling.columns(width)
        let chroma = Clip.Chroma(
            sampling: sampling, cb: (0..<plane).map { _ in UInt8(random.below(256)) },
            cr: (0..<plane).map { _ in UInt8(random.below(256)) })
        let luma = [UInt8](repeating: 0, count: frames * height * width)
        let clip = Clip(frames: frames, height: height, width: width, luma: luma, chroma: chroma)
        let full = try #require(FullChroma(clip))
        var row = ChromaRow(width: width)
        for frame in 0..<frames {
            for y in 0..<height {
                full.read(frame: frame, y: y, into: &row)
                let most = zip(row.cb, row.cr).map { max(abs(Int($0) - 128), abs(Int($1) - 128)) }.max() ?? 0
                #expect(most <= full.deviation(frame: frame, y: y, columns: 0..<width))
                for x in 0..<width {
                    #expect(full.sample(frame: frame, y: y, x: x) == (row.cb[x], row.cr[x]))
                }
            }
        }
    }

    @Test func `fancy upsampling weighs the nearer sample three to one`() throws {
        let half = Clip.Chroma(sampling: .half, cb: [0, 100, 200], cr: [128, 128, 128])
        let clip = Clip(frames: 1, height: 1, width: 6, luma: [0, 0, 0, 0, 0, 0], chroma: half)
        var row = ChromaRow(width: 6)
        try #require(FullChroma(clip)).read(frame: 0, y: 0, into: &row)
        #expect(row.cb == [0, 25, 75, 125, 175, 200])
    }
}
