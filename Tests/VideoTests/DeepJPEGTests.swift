// JPEG of more than 8 bits and lossless JPEG, written here by the standard's rules and read back.

import DICOM
import EchoCore
import Foundation
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
        guard bits > 8 else { return samples.map { UInt8($0) } }
        return samples.map { sample in
            let x = (Double(sample) - (Double(1 << (bits - 1)) - 0.5)) / Double(1 << bits - 1) + 0.5
            return UInt8(min(max(x * 255, 0), 255).rounded())
        }
    }
}

/// Entropy-coded bits, most significant first, with a zero behind each byte of ones.
private struct BitWriter {
    private(set) var bytes: [UInt8] = []
    private var held = 0, count = 0

    mutating func write(_ value: Int, _ bits: Int) {
        for bit in (0..<bits).reversed() {
            held = held << 1 | value >> bit & 1
            count += 1
            guard count == 8 else { continue }
            bytes += held == 0xFF ? [0xFF, 0] : [UInt8(held)]
            (held, count) = (0, 0)
        }
    }

    /// A size, in a code of 8 bits that is the size itself, and the difference of that size.
    mutating func write(difference: Int, run: Int = 0) {
        let size = Int.bitWidth - abs(difference).leadingZeroBitCount
        write(run << 4 | size, 8)
        if size < 16 { write(difference < 0 ? difference + (1 << size) - 1 : difference, size) }
    }

    mutating func finish() -> [UInt8] {
        if count > 0 { write(0x7F, 8 - count) }
        return bytes
    }
}

private func segment(_ marker: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    [0xFF, marker, UInt8((bytes.count + 2) >> 8), UInt8((bytes.count + 2) & 255)] + bytes
}

/// Start of image, the tables in which every code of 8 bits stands for itself, and the frame header.
private func start(_ process: UInt8, _ bits: Int, _ height: Int, _ width: Int, _ components: Int) -> [UInt8] {
    let counts = (1...16).map { UInt8($0 == 8 ? 255 : 0) }
    let tables = ([0, 0x10] as [UInt8]).flatMap { place in segment(0xC4, [place] + counts + Array(0..<255)) }
    let size = [UInt8(bits), UInt8(height >> 8), UInt8(height & 255), UInt8(width >> 8), UInt8(width & 255)]
    let list = (1...components).flatMap { [UInt8($0), 0x11, 0] as [UInt8] }
    return [0xFF, 0xD8] + tables + segment(process, size + [UInt8(components)] + list)
}

private func scan(_ components: Int, _ predictor: Int, _ shift: Int) -> [UInt8] {
    let list = (1...components).flatMap { [UInt8($0), 0] as [UInt8] }
    return segment(0xDA, [UInt8(components)] + list + [UInt8(predictor), 0, UInt8(shift)])
}

/// Lossless JPEG (T.81 annex H) of interleaved planes.
private func lossless(
    _ planes: [[Int]], width: Int, bits: Int, predictor: Int = 1, shift: Int = 0, linesToRestart: Int? = nil
) -> [UInt8] {
    let height = planes[0].count / width
    var coded: [UInt8] = []
    var writer = BitWriter()
    for y in 0..<height {
        let first = linesToRestart.map { y / $0 * $0 } ?? 0
        if y > 0, y == first {
            coded += writer.finish() + [0xFF, 0xD0 + UInt8(y / linesToRestart! - 1)]
            writer = BitWriter()
        }
        for x in 0..<width {
            for plane in planes {
                func at(_ dy: Int, _ dx: Int) -> Int { plane[(y - dy) * width + x - dx] >> shift }
                let prediction: Int
                switch (y > first, x > 0, predictor) {
                case (false, false, _): prediction = 1 << (bits - shift - 1)
                case (false, true, _): prediction = at(0, 1)
                case (true, false, _): prediction = at(1, 0)
                case (_, _, 1): prediction = at(0, 1)
                case (_, _, 2): prediction = at(1, 0)
                case (_, _, 3): prediction = at(1, 1)
                case (_, _, 4): prediction = at(0, 1) + at(1, 0) - at(1, 1)
                case (_, _, 5): prediction = at(0, 1) + (at(1, 0) - at(1, 1)) >> 1
                case (_, _, 6): prediction = at(1, 0) + (at(0, 1) - at(1, 1)) >> 1
                default: prediction = (at(0, 1) + at(1, 0)) >> 1
                }
                // Modulo 2^16, from -32767 to 32768.
                let difference = (at(0, 0) - prediction + 32767) & 0xFFFF - 32767
                writer.write(difference: difference)
            }
        }
    }
    coded += writer.finish()
    let restarts = linesToRestart.map { segment(0xDD, [UInt8($0 * width >> 8), UInt8($0 * width & 255)]) }
    return start(0xC3, bits, height, width, planes.count) + (restarts ?? [])
        + scan(planes.count, predictor, shift) + coded + [0xFF, 0xD9]
}

/// Extended sequential JPEG of 12 bits with steps of 1.
private func extended(_ samples: [Int], width: Int) -> [UInt8] {
    let height = samples.count / width
    let order = [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,
        7, 14,
        21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
        46, 53,
        60, 61, 54, 47, 55, 62, 63,
    ]
    var writer = BitWriter()
    var last = 0
    for top in stride(from: 0, to: height, by: 8) {
        for left in stride(from: 0, to: width, by: 8) {
            let block = (0..<64).map { at in
                let y = min(top + at / 8, height - 1), x = min(left + at % 8, width - 1)
                return Double(samples[y * width + x] - 2048)
            }
            let coefficients = order.map { Int(coefficient(block, $0 / 8, $0 % 8).rounded()) }
            writer.write(difference: coefficients[0] - last)
            last = coefficients[0]
            var run = 0
            for value in coefficients.dropFirst() {
                if value == 0 {
                    run += 1
                    continue
                }
                while run > 15 {
                    writer.write(0xF0, 8)
                    run -= 16
                }
                writer.write(difference: value, run: run)
                run = 0
            }
            if run > 0 { writer.write(0, 8) }
        }
    }
    return start(0xC1, 12, height, width, 1) + segment(0xDB, [0] + [UInt8](repeating: 1, count: 64))
        + scan(1, 0, 0) + writer.finish() + [0xFF, 0xD9]
}

/// T.81 A.3.3.
private func coefficient(_ block: [Double], _ v: Int, _ u: Int) -> Double {
    var sum = 0.0
    for y in 0..<8 {
        for x in 0..<8 {
            sum += block[8 * y + x] * cosine((2 * y + 1) * v) * cosine((2 * x + 1) * u)
        }
    }
    return sum / 4 * (u == 0 ? 0.5.squareRoot() : 1) * (v == 0 ? 0.5.squareRoot() : 1)
}

/// cos(k·π/16)
private func cosine(_ k: Int) -> Double { cos(Double(k) * .pi / 16) }
