// The samples of a JPEG-LS scan: predicted from their neighbours, coded by contexts that learn (T.87 annex A).

import EchoCore

/// A scan of one or more components, line by line.
struct JPEGLSScan {
    private let p: JPEGLSParameters
    private let width: Int
    private var bits: JPEGLSBits
    /// For each component the line above and the line in the making, with a sample more on each side.
    private var above: [[Int]], current: [[Int]]
    /// The place in `runLengths` of each component.
    private var runIndices: [Int]
    private var contexts: [Context]
    private var runContexts: [RunContext]

    /// Of a context: how large errors were, their sum, the correction, and how many samples there were.
    private struct Context {
        var a: Int, b = 0, c = 0, n = 1
    }

    private struct RunContext {
        let type: Int
        var a: Int, n = 1, negative = 0
    }

    /// Bits of the lengths of runs (A.2.1).
    private static let runLengths = [
        0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    ]

    init(_ parameters: JPEGLSParameters, _ bits: JPEGLSBits, components: Int, width: Int) {
        p = parameters
        self.width = width
        self.bits = bits
        let line = [Int](repeating: 0, count: width + 2)
        above = [[Int]](repeating: line, count: components)
        current = above
        runIndices = [Int](repeating: 0, count: components)
        let a = max(2, (p.range + 32) / 64)
        contexts = [Context](repeating: Context(a: a), count: 365)
        runContexts = [RunContext(type: 0, a: a), RunContext(type: 1, a: a)]
    }

    /// Where the scan's data end.
    var end: Int { bits.position }

    /// The line that was decoded last.
    func line(of component: Int) -> ArraySlice<Int> { current[component][1...width] }

    /// Decodes the next line of all components.
    /// - Parameter bySample: whether the components' samples alternate, not their lines
    mutating func decodeLine(bySample: Bool) throws(Rejection) {
        for component in current.indices {
            swap(&above[component], &current[component])
            above[component][width + 1] = above[component][width]
            current[component][0] = above[component][1]
        }
        let all = current.indices
        if bySample {
            try decodeLine(of: all)
        } else {
            for component in all { try decodeLine(of: component..<component + 1) }
        }
    }

    private mutating func decodeLine(of components: Range<Int>) throws(Rejection) {
        let first = components.lowerBound
        var x = 1
        while x <= width {
            let gradients = components.map { context(of: $0, x) }
            if gradients.contains(where: { $0 != 0 }) {
                for component in components {
                    current[component][x] = try regular(component, x, gradients[component - first])
                }
                x += 1
                continue
            }
            let run = try runLength(component: first, upTo: width - x + 1)
            for component in components {
                let value = current[component][x - 1]
                for place in x..<x + run { current[component][place] = value }
            }
            x += run
            guard x <= width else { break }
            for component in components {
                current[component][x] = try interruption(component, x, isAlone: components.count == 1)
            }
            runIndices[first] = max(0, runIndices[first] - 1)
            x += 1
        }
    }

    /// The quantised gradients around a sample as one number, negative where they are turned over; 0 in a run.
    private func context(of component: Int, _ x: Int) -> Int {
        let (a, b) = (current[component][x - 1], above[component][x])
        let (c, d) = (above[component][x - 1], above[component][x + 1])
        return 81 * quantised(d - b) + 9 * quantised(b - c) + quantised(c - a)
    }

    private func quantised(_ gradient: Int) -> Int {
        let size = abs(gradient)
        if size <= p.near { return 0 }
        let level = size < p.t1 ? 1 : size < p.t2 ? 2 : size < p.t3 ? 3 : 4
        return gradient < 0 ? -level : level
    }

    /// A sample outside of runs (A.4 to A.6).
    private mutating func regular(_ component: Int, _ x: Int, _ gradients: Int) throws(Rejection) -> Int {
        let sign = gradients < 0 ? -1 : 1
        let index = abs(gradients)
        let (a, b, c) = (current[component][x - 1], above[component][x], above[component][x - 1])
        var predicted = c >= max(a, b) ? min(a, b) : c <= min(a, b) ? max(a, b) : a + b - c
        var context = contexts[index]
        predicted = min(max(predicted + sign * context.c, 0), p.maximum)
        var k = 0
        while context.n << k < context.a { k += 1 }
        let mapped = try bits.golomb(k, limit: p.limit, errorBits: p.errorBits)
        var error = mapped & 1 == 0 ? mapped / 2 : -(mapped + 1) / 2
        if p.near == 0, k == 0, 2 * context.b <= -context.n { error = -error - 1 }

        context.b += error * (2 * p.near + 1)
        context.a += abs(error)
        if context.n == p.reset {
            context.a >>= 1
            context.b >>= 1
            context.n >>= 1
        }
        context.n += 1
        if context.b <= -context.n {
            context.b = max(context.b + context.n, 1 - context.n)
            context.c = max(context.c - 1, -128)
        } else if context.b > 0 {
            context.b = min(context.b - context.n, 0)
            context.c = min(context.c + 1, 127)
        }
        contexts[index] = context
        return reconstructed(predicted, sign * error)
    }

    private func reconstructed(_ predicted: Int, _ error: Int) -> Int {
        let step = 2 * p.near + 1
        var value = predicted + error * step
        if value < -p.near {
            value += p.range * step
        } else if value > p.maximum + p.near {
            value -= p.range * step
        }
        return min(max(value, 0), p.maximum)
    }

    /// How many samples repeat the one before (A.7.1).
    private mutating func runLength(component: Int, upTo rest: Int) throws(Rejection) -> Int {
        var run = 0
        while run < rest, try bits.take(1) == 1 {
            let length = 1 << JPEGLSScan.runLengths[runIndices[component]]
            if length <= rest - run { runIndices[component] = min(31, runIndices[component] + 1) }
            run = min(rest, run + length)
        }
        guard run < rest else { return rest }
        run += try bits.take(JPEGLSScan.runLengths[runIndices[component]])
        guard run < rest else { throw Rejection(.undecodable, "JPEG-LS with a run beyond its line") }
        return run
    }

    /// The sample that ends a run (A.7.2).
    private mutating func interruption(_ component: Int, _ x: Int, isAlone: Bool) throws(Rejection) -> Int {
        let (a, b) = (current[component][x - 1], above[component][x])
        // Samples of several components that end a run together are coded as if all were new.
        let type = isAlone && abs(a - b) <= p.near ? 1 : 0
        var context = runContexts[type]
        let size = context.a + (type == 1 ? context.n >> 1 : 0)
        var k = 0
        while context.n << k < size { k += 1 }
        let index = isAlone ? component : 0
        let limit = p.limit - JPEGLSScan.runLengths[runIndices[index]] - 1
        let mapped = try bits.golomb(k, limit: limit, errorBits: p.errorBits)
        let value = mapped + type
        let isOdd = value & 1 == 1
        let isNegative = (k != 0 || 2 * context.negative >= context.n) == isOdd
        let error = isNegative ? -(value + 1) / 2 : (value + 1) / 2

        if error < 0 { context.negative += 1 }
        context.a += (mapped + 1 - type) >> 1
        if context.n == p.reset {
            context.a >>= 1
            context.n >>= 1
            context.negative >>= 1
        }
        context.n += 1
        runContexts[type] = context
        return type == 1 ? reconstructed(a, error) : reconstructed(b, b < a ? -error : error)
    }
}

/// The bits of a scan: behind a byte FF come seven bits, and a marker is FF with a byte that begins with 1 (A.1).
struct JPEGLSBits {
    private let bytes: [UInt8]
    private let limit: Int
    /// Where the next byte is taken from; a marker is never passed.
    private(set) var position: Int
    /// The unread bits from the top, how many they are, and how many of the last are not in the data.
    private var held: UInt64 = 0
    private var count = 0, absent = 0
    private var isBehindFF = false

    /// The bits in `bytes[range]`.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        limit = range.upperBound
    }

    /// Decodes a mapped error (A.5.3).
    mutating func golomb(_ k: Int, limit: Int, errorBits: Int) throws(Rejection) -> Int {
        fill()
        let zeros = held.leadingZeroBitCount
        let most = limit - errorBits - 1
        if zeros >= most {
            try drop(most + 1)
            return try take(errorBits) + 1
        }
        try drop(zeros + 1)
        return try zeros << k | take(k)
    }

    /// Reads a number of up to 32 bits.
    mutating func take(_ width: Int) throws(Rejection) -> Int {
        guard width > 0 else { return 0 }
        guard width <= 32 else { throw Rejection(.undecodable, "JPEG-LS with errors beyond all range") }
        fill()
        let value = Int(truncatingIfNeeded: held >> UInt64(64 - width))
        try drop(width)
        return value
    }

    private mutating func fill() {
        while count <= 56 {
            var byte: UInt64 = 0
            var width = 8
            if position < limit, !isMarker {
                byte = UInt64(bytes[position])
                width = isBehindFF ? 7 : 8
                isBehindFF = byte == 0xFF
                position += 1
            } else {
                absent += 8
            }
            held |= byte << UInt64(64 - width - count)
            count += width
        }
    }

    private var isMarker: Bool {
        if isBehindFF { return bytes[position] & 0x80 != 0 }
        return bytes[position] == 0xFF && position + 1 < limit && bytes[position + 1] & 0x80 != 0
    }

    private mutating func drop(_ width: Int) throws(Rejection) {
        held = width < 64 ? held << UInt64(width) : 0
        count -= width
        guard count >= absent else { throw Rejection(.undecodable, "JPEG-LS that ends early") }
    }
}
