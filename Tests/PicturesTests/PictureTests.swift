import EchoCore
import Pictures
import Testing

@Suite struct PictureTests {
    @Test(arguments: [UInt64(1), 2], [1, 3])
    func `a PNG gives the same pixels back`(seed: UInt64, channels: Int) throws {
        var random = SeededRandom(seed: seed)
        let pixels = (0..<17 * 11 * channels).map { _ in UInt8(random.below(256)) }
        let picture = Picture(width: 17, height: 11, channels: channels, pixels: pixels)
        #expect(try Picture(png: picture.png()) == picture)
    }

    @Test func `bytes that are no PNG are refused`() throws {
        var file = try Picture(width: 9, height: 9, level: 7).png()
        file.removeLast(file.count / 2)
        #expect(throws: EchoError.self) { try Picture(png: file) }
        #expect(throws: EchoError.self) { try Picture(png: []) }
    }

    @Test func `a smaller picture is made of means and a larger one of repeated pixels`() {
        let picture = Picture(width: 4, height: 2, channels: 1, pixels: [1, 3, 10, 20, 5, 7, 30, 40])
        #expect(picture.resized(width: 2, height: 1).pixels == [4, 25])
        #expect(picture.resized(width: 2, height: 2).pixels == [2, 15, 6, 35])
        #expect(
            picture.resized(width: 4, height: 4).pixels
                == [1, 3, 10, 20, 1, 3, 10, 20, 5, 7, 30, 40, 5, 7, 30, 40])
        let coloured = Picture(width: 2, height: 1, channels: 3, pixels: [0, 10, 20, 2, 30, 220])
        #expect(coloured.resized(width: 1, height: 1).pixels == [1, 20, 120])
    }

    @Test func `a montage places its pictures in rows`() {
        let sheet = Picture.montage(
            (1...3).map { Picture(width: 2, height: 1, level: UInt8($0)) }, columns: 2, gap: 1)
        #expect(sheet.pixels == [1, 1, 0, 2, 2, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0])
    }
}
