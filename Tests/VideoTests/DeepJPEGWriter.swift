// Writes lossless JPEG and JPEG of 12 bits by the standard's rules, for tests of their decoder.

import Foundation

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
func lossless(
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
func extended(_ samples: [Int], width: Int) -> [UInt8] {
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
