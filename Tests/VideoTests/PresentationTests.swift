// What a container says of how its pictures are shown, and how their pixels lie.

import EchoCore
import Testing
import Video

@Suite struct PresentationTests {
    private let clip = smoothClip(frames: 9, height: 64, width: 96, sampling: .quarter)

    private func decode(_ bytes: [UInt8]) throws -> DecodedClip {
        try openClip(bytes, name: "a.mp4").decode(maxFrames: nil)
    }

    /// a, b, c, d of a matrix, and where the pixel of row y and column x of the shown picture comes from.
    static let turns: [([Int], @Sendable (Int, Int) -> (Int, Int))] = [
        ([1, 0, 0, 1], { ($0, $1) }), ([0, 1, -1, 0], { (63 - $1, $0) }),
        ([-1, 0, 0, -1], { (63 - $0, 95 - $1) }),
        ([0, -1, 1, 0], { ($1, 95 - $0) }), ([-1, 0, 0, 1], { ($0, 95 - $1) }),
        ([1, 0, 0, -1], { (63 - $0, $1) }),
        ([0, 1, 1, 0], { ($1, $0) }), ([0, -1, -1, 0], { (63 - $1, 95 - $0) }),
    ]

    @Test(arguments: PresentationTests.turns.indices) func `the display matrix turns the picture`(turn: Int)
        throws
    {
        let (matrix, source) = PresentationTests.turns[turn]
        let file = try VideoEncoder(.mp4, quantiser: 1).encode(clip)
        let plain = try decode(file).clip
        let source2 = try openClip(withMatrix(matrix.map { $0 << 16 }, file), name: "a.mp4")
        let shown = try source2.decode(maxFrames: nil)
        let (height, width) = matrix[0] == 0 ? (96, 64) : (64, 96)
        #expect(shown.clip.height == height && shown.clip.width == width && shown.flags.isEmpty)
        #expect(source2.header.height == height && source2.header.width == width)
        var luma: [UInt8] = []
        for frame in 0..<plain.frames {
            for y in 0..<height {
                for x in 0..<width {
                    let (row, column) = source(y, x)
                    luma.append(plain.luma[frame * 64 * 96 + row * 96 + column])
                }
            }
        }
        #expect(shown.clip.luma == luma)
        #expect(shown.clip.chroma?.sampling == .quarter)
        let cb = try #require(plain.chroma).cb, shownCb = try #require(shown.clip.chroma).cb
        let (row, column) = source(0, 0)
        #expect(shownCb[0] == cb[row / 2 * 48 + column / 2])
    }

    @Test func `a matrix that turns by other angles is told, and the picture stays as it is coded`() throws {
        let file = try VideoEncoder(.mp4).encode(clip)
        let turned = try decode(withMatrix([56755, 32768, -32768, 56755], file))
        #expect(turned.clip.luma == (try decode(file).clip.luma))
        #expect(turned.flags == ["display-ignored"])
    }

    @Test func `the edit list hides the pictures before a cut`() throws {
        let file = try VideoEncoder(.mp4, framesPerSecond: 25, quantiser: 1).encode(clip)
        let whole = try decode(file).clip
        // Four of nine pictures are hidden: 160 ms, in a clock of 12,800 or whatever the track has.
        let cut = try decode(withEditList(file, hiding: 4, of: 9))
        #expect(cut.clip.frames == 5 && cut.header.frames == 5)
        #expect(cut.clip.luma == Array(whole.luma[(4 * 64 * 96)...]))
        #expect(cut.flags == ["edit-list"] && cut.shortfall == nil)
        #expect(cut.header.frameTimes == nil && cut.header.framesPerSecond == 25)
    }

    @Test func `components of 5 bits take the whole range`() throws {
        // White, black, red, and the middle of gray, in rows that begin at the bottom.
        let levels: [(Int, Int, Int)] = [(31, 31, 31), (0, 0, 0), (31, 0, 0), (16, 16, 16)]
        let row = levels.flatMap { little($0.0 << 10 | $0.1 << 5 | $0.2, 2) }
        let decoded = try decode(
            rawAVI(bits: 16, width: 4, height: 4, [UInt8]((0..<4).flatMap { _ in row }), frames: 3))
        #expect(decoded.clip.frames == 3 && decoded.shortfall == nil)
        #expect(Array(decoded.clip.luma.prefix(4)) == [255, 0, 76, 132])
    }

    @Test(arguments: [0, 4, 1_000_000]) func `an AVI index that points nowhere is left aside`(offset: Int)
        throws
    {
        let file = try VideoEncoder(.avi, framesPerSecond: 25).encode(clip)
        let index = try #require(file.firstRange(of: Array("idx1".utf8))).upperBound + 4
        var broken = file
        for entry in 0..<9 {
            broken.replaceSubrange(
                index + 16 * entry + 8..<index + 16 * entry + 12, with: little(offset + 1 + entry, 4))
        }
        let decoded = try decode(broken)
        #expect(decoded.clip.luma == (try decode(file).clip.luma))
        #expect(decoded.flags == ["index-wrong"] && decoded.header.framesPerSecond == 25)
        #expect(try decode(file).flags.isEmpty)
    }
}

/// An MP4 file with another matrix in its track's head.
private func withMatrix(_ matrix: [Int], _ file: [UInt8]) throws -> [UInt8] {
    let head = try #require(file.firstRange(of: Array("tkhd".utf8))).upperBound
    // Behind version and flags, two times, the track, a gap, the duration, two gaps, layer, group, volume and a gap.
    let place = head + 4 + 8 + 4 + 4 + 4 + 8 + 8
    let words = [matrix[0], matrix[1], 0, matrix[2], matrix[3], 0, 0, 0, 1 << 30]
    return file.replacing(place..<place + 36, with: words.flatMap { big($0) })
}

/// An MP4 file, its frames before its index, with an edit list that begins at a later picture.
private func withEditList(_ file: [UInt8], hiding hidden: Int, of frames: Int) throws -> [UInt8] {
    func place(_ name: String) throws -> Int {
        try #require(file.firstRange(of: Array(name.utf8))).lowerBound - 4
    }
    func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 << 8 | Int(file[at + $1]) } }
    #expect(try place("mdat") < place("moov"))
    let media = try place("mdhd") + 8 + 4 + 8
    let movie = try place("mvhd") + 8 + 4 + 8
    let step = word(media + 4) / frames
    let duration = word(movie + 4) * (frames - hidden) / frames
    let list =
        big(28) + Array("elst".utf8) + big(0) + big(1) + big(duration) + big(hidden * step) + big(1 << 16)
    let box = big(8 + list.count) + Array("edts".utf8) + list
    var out = file
    var grown = box.count
    let track = try place("tkhd")
    let end = track + word(track)
    // The muxer's own list, if it wrote one, makes room.
    if file[end + 4..<end + 8].elementsEqual("edts".utf8) {
        grown -= word(end)
        out.replaceSubrange(end..<end + word(end), with: box)
    } else {
        out.insert(contentsOf: box, at: end)
    }
    for name in ["moov", "trak"] {
        let at = try place(name)
        out.replaceSubrange(at..<at + 4, with: big(word(at) + grown))
    }
    return out
}

private func big(_ value: Int) -> [UInt8] { little(value, 4).reversed() }

/// An AVI file of uncompressed pictures, without an index.
private func rawAVI(bits: Int, width: Int, height: Int, _ picture: [UInt8], frames: Int) -> [UInt8] {
    func chunk(_ name: String, _ value: [UInt8]) -> [UInt8] {
        Array(name.utf8) + little(value.count, 4) + value
    }
    func list(_ name: String, _ value: [UInt8]) -> [UInt8] { chunk("LIST", Array(name.utf8) + value) }
    let head =
        little(40_000, 4) + little(0, 12) + little(frames, 4) + little(0, 4) + little(1, 4) + little(0, 4)
        + little(width, 4) + little(height, 4) + little(0, 16)
    let stream =
        Array("vids".utf8) + little(0, 16) + little(1, 4) + little(25, 4) + little(0, 4) + little(frames, 4)
        + little(picture.count, 4) + little(0, 8) + little(0, 8)
    let format =
        little(40, 4) + little(width, 4) + little(height, 4) + little(1, 2) + little(bits, 2) + little(0, 4)
        + little(picture.count, 4) + little(0, 16)
    let movie = (0..<frames).flatMap { _ in chunk("00db", picture) }
    let body =
        list("hdrl", chunk("avih", head) + list("strl", chunk("strh", stream) + chunk("strf", format)))
        + list("movi", movie)
    return chunk("RIFF", Array("AVI ".utf8) + body)
}
