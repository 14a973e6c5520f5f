// JPEG of more than 8 bits and lossless JPEG, written here by the standard's rules and read back.

import DICOM
import EchoCore
import Testing
import Video

@Suite struct DeepJPEGTests {
    @Test(arguments: 1...7, [(2, 0), (8, 0), (12, 0), (16, 0), (12, 3)])
    func `lossless JPEG comes back sample by sample`(predictor: Int, depth: (bits: Int, shift: Int)) throws {
        var random = SeededRandom(seed: UInt64(predictor), "lossless")
        let samples = (0..<7 * 13).map { _ in random.below(1 << (depth.bits - depth.shift)) << depth.shift }
        let coded = lossless([samples], width: 13, bits: depth.bits, predictor: predictor, shift: depth.shift)
        #expect(try decoded(coded, height: 7, width: 13, bits: depth.bits) == expected(samples, depth.bits))
    }

    @Test func `lossless JPEG restarts at the beginning of a line`() throws {
        let samples = (0..<6 * 9).map { $0 * 37 % 256 }
        let coded = lossless([samples], width: 9, bits: 8, predictor: 4, linesToRestart: 2)
        #expect(try decoded(coded, height: 6, width: 9, bits: 8) == samples.map { UInt8($0) })
    }

    @Test func `lossless JPEG of three components is Y, Cb, Cr as coded`() throws {
        let planes = (0..<3).map { plane in (0..<5 * 4).map { ($0 * 11 + plane * 50) % 256 } }
        let file = BrokenFile(.jpegLossless, pixels: encapsulated([lossless(planes, width: 4, bits: 8)])) {
            $0.add(.photometricInterpretation, .CS, "YBR_FULL")
        }
        let clip = try openClip(file.bytes, name: "lossless").decode(maxFrames: nil).clip
        let chroma = try #require(clip.chroma)
        #expect([clip.luma, chroma.cb, chroma.cr] == planes.map { $0.map { UInt8($0) } })
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>) func `JPEG of 12 bits comes back but for rounding`(
        seed: UInt64
    ) throws {
        var random = SeededRandom(seed: seed, "12 bits")
        let (height, width) = (11 + Int(seed), 30)
        let ramp = 40 * seed
        let samples = (0..<height * width).map {
            min(4095, $0 / width * Int(ramp) + $0 % width * 90 + random.below(200))
        }
        let levels = try decoded(extended(samples, width: width), height: height, width: width, bits: 12)
        let worst = zip(levels, expected(samples, 12)).map { abs(Int($0) - Int($1)) }.max()
        #expect(worst! <= 1)
    }

    @Test func `every cut of a lossless picture is refused`() throws {
        let whole = lossless([(0..<40).map { $0 }], width: 8, bits: 12)
        // DICOM's padding is a byte more, and the last two of the whole are the end of image.
        for count in 0..<whole.count - 4 {
            let cut = Array(whole[..<count])
            #expect(throws: Rejection.self) { try decoded(cut, height: 5, width: 8, bits: 12) }
        }
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>) func `a deep picture with flipped bytes does no harm`(
        seed: UInt64
    ) throws {
        var random = SeededRandom(seed: seed, "flipped bytes of deep pictures")
        for whole in [
            lossless([(0..<40).map { $0 }], width: 8, bits: 12), extended((0..<64).map { $0 }, width: 8),
        ] {
            var broken = whole
            for _ in 0..<random.below(4) + 1 { broken[random.below(broken.count)] = UInt8(random.below(256)) }
            _ = ending(of: BrokenFile(.jpegLossless, pixels: encapsulated([broken])).bytes)
        }
    }

    /// Gray levels of one picture in a file with a window over all of its range.
    private func decoded(_ coded: [UInt8], height: Int, width: Int, bits: Int) throws -> [UInt8] {
        let file = BrokenFile(.jpegLossless, pixels: encapsulated([coded])) {
            $0.add(.samplesPerPixel, .US, 1)
            $0.add(.photometricInterpretation, .CS, "MONOCHROME2")
            $0.add(.windowCenter, .DS, Double(1 << (bits - 1)))
            $0.add(.windowWidth, .DS, Double(1 << bits))
        }
        let decoded = try openClip(file.bytes, name: "deep").decode(maxFrames: nil)
        #expect(decoded.clip.height == height && decoded.clip.width == width)
        return decoded.clip.luma
    }

    /// What the window makes of `samples`.
    private func expected(_ samples: [Int], _ bits: Int) -> [UInt8] {
        // Fewer than 8 bits take the whole range.
        guard bits > 8 else {
            return samples.map { UInt8(($0 * 255 + (1 << bits - 1) / 2) / (1 << bits - 1)) }
        }
        return samples.map { sample in
            let x = (Double(sample) - (Double(1 << (bits - 1)) - 0.5)) / Double(1 << bits - 1) + 0.5
            return UInt8(min(max(x * 255, 0), 255).rounded())
        }
    }
}
