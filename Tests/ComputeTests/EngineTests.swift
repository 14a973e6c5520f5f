import Compute
import ComputeCPU
import ComputeReference
import EchoCore
import Engines
import Foundation
import TestSupport
import Testing

@Suite struct EngineTests {
    @Test(arguments: EngineTrial.all, Candidate.all(.f32))
    func `an engine agrees with the reference`(trial: EngineTrial, candidate: Candidate) throws {
        for found in try differences(trial, candidate) {
            let floor = candidate.isOurs ? 1e-8 : 3e-8
            #expect(
                found.share(allowedIn: .f32, floor: floor) <= 1,
                "\(found.result): \(found.difference) of \(found.size)")
        }
    }

    @Test(arguments: EngineTrial.all, Candidate.all(.bf16))
    func `in BF16 an engine agrees with the reference to seven bits`(
        trial: EngineTrial, candidate: Candidate
    ) throws {
        for found in try differences(trial, candidate) {
            #expect(
                found.share(allowedIn: .bf16) <= 1, "\(found.result): \(found.difference) of \(found.size)"
            )
        }
    }

    @Test(arguments: Candidate.all(.f32))
    func `an engine's numbers are its own, whatever another does on the same thread`(other: Candidate) throws
    {
        let trial = try #require(EngineTrial.all.last { $0.name.hasPrefix("linear ") })
        let engine = CPUEngine(threads: 1)
        let before = trial.results(on: engine, seed: 1).map(\.numbers)
        _ = trial.results(on: try other.make(), seed: 1)
        #expect(trial.results(on: engine, seed: 1).map(\.numbers) == before)
    }

    private func differences(_ trial: EngineTrial, _ candidate: Candidate) throws -> [EngineTrial.Difference]
    {
        EngineTrial.differences(
            of: trial.results(on: try candidate.make(), seed: 1, kept: candidate.isOurs),
            from: trial.results(on: ReferenceEngine(), seed: 1, kept: candidate.isOurs))
    }

    @Test func `OpenBLAS uses this processor's vectors, also where the processor is newer than it`() {
        let kernels = CPUEngine(threads: 1, products: .openBLAS).kernels
        #expect(kernels.hasPrefix("OpenBLAS "))
        let old = ["Prescott", "Core2", "Penryn", "Nehalem", "Barcelona"]
        #expect(!old.contains { kernels.hasSuffix($0) }, "\(kernels)")
    }

    @Test(arguments: Candidate.all(.bf16))
    func `a weight that changes is rounded to BF16 again`(candidate: Candidate) throws {
        let engine = try candidate.make()
        let (x, weight, bias, y) = (
            engine.allocate(1), engine.allocate(1, for: .weights), engine.allocate(1), engine.allocate(1)
        )
        engine.fill(x, with: 1)
        engine.fill(bias, with: 0)
        func product() -> Float {
            engine.linear(x, weight: weight, bias: bias, into: y, rows: 1, inputs: 1, outputs: 1, then: .none)
            return engine.read(y)[0]
        }
        engine.fill(weight, with: 2)
        #expect(product() == 2)
        engine.write([3], to: weight)
        #expect(product() == 3)
        engine.copy(x, to: weight)
        #expect(product() == 1)
        engine.add(x, to: weight)
        #expect(product() == 2)
        let moments = (engine.allocate(1), engine.allocate(1))
        engine.fill(moments.0, with: 0)
        engine.fill(moments.1, with: 0)
        let (norm, steps) = (engine.allocate(1, for: .sums), engine.allocate(1, for: .sums))
        engine.fill(steps, with: 0)
        engine.norm(of: [x], into: norm)
        let learned = Learned(
            value: weight, gradient: x, first: moments.0, second: moments.1, rate: 1, weightDecay: 0)
        engine.adamW([learned], AdamWFactors(), sound: [norm], steps: steps)
        #expect(product() == 1)
        engine.blend([bias], into: [weight], share: 0.5)
        #expect(product() == 0.5)
    }

    @Test(arguments: Candidate.all(.f32))
    func `numbers that are sent are those from before what is asked next`(candidate: Candidate) throws {
        let engine = try candidate.make()
        let (one, two) = (engine.allocate(1, for: .sums), engine.allocate(2, for: .sums))
        engine.fill(one, with: 3)
        engine.fill(two, with: 4)
        let arrive = engine.sending([one, two])
        engine.fill(one, with: 5)
        #expect(arrive() == [3, 4, 4])
        #expect(engine.sums(one) == [5])
    }

    @Test(arguments: Candidate.all(.f32))
    func `pixels of the host may be others as soon as those of other memory are asked for`(
        candidate: Candidate
    ) throws {
        let engine = try candidate.make()
        func clip(_ value: UInt8, in pixels: HostPixels) -> Buffer {
            pixels.write([UInt8](repeating: value, count: 4), at: 0)
            let image = engine.allocate(4)
            let samples = ClipSamples(
                start: 0, frames: 1, side: 2, x: 0, y: 0, acrossX: 1, acrossY: 0, downX: 0, downY: 1, rows: 1,
                columns: 1, scale: [2], shift: [1])
            engine.resample([samples], of: pixels, into: image, image: 2)
            return image
        }
        let memory = [engine.staging(4), engine.staging(9)]
        let images = (0..<6).map { clip(UInt8($0), in: memory[$0 % 2]) }
        for (value, image) in images.enumerated() {
            #expect(engine.read(image) == [Float](repeating: Float(2 * value + 1), count: 4))
        }
    }

    @Test func `operations of products are counted, and bytes that all else reads and writes`() {
        let engine = CountingEngine(.bf16)
        let x = engine.allocate(6, for: .factors), y = engine.allocate(10, for: .factors)
        let (weight, bias) = (engine.allocate(15, for: .weights), engine.allocate(5, for: .weights))
        let z = engine.allocate(10)
        for epilogue in [Epilogue.none, .gelu(into: z)] {
            engine.linear(
                x, weight: weight, bias: bias, into: y, rows: 2, inputs: 3, outputs: 5, then: epilogue)
        }
        #expect(engine.work?.operations == 120 && engine.traffic == 60)
        let learned = Learned(
            value: weight, gradient: weight, first: weight, second: weight, rate: 1, weightDecay: 0)
        engine.adamW([learned], AdamWFactors(), sound: [], steps: bias)
        #expect(engine.traffic == 60 + 7 * 4 * 15)
    }

    @Test(arguments: [UInt64(1), 2])
    func `factors are rounded to the nearest number of BF16, ties to even`(seed: UInt64) {
        var random = SeededRandom(seed: seed, "rounding")
        let ties = (0..<64).map { Float(bitPattern: Float(1).bitPattern + 0x8000 * $0) }
        let xs = ties + (0..<4001).map { _ in Float(random.normal() * exp(15 * random.normal())) }
        let engine = CPUEngine(threads: 1, precision: .bf16)
        func rounded(_ xs: [Float]) -> [Float] {
            let buffer = engine.allocate(xs.count)
            engine.write(xs, to: buffer)
            return engine.read(engine.factors(buffer))
        }
        for (x, y) in zip(xs, rounded(xs)) where x.isFinite && abs(x) < 1e38 {
            // The numbers of BF16 are those of F32 whose lower half is empty.
            let below = x.bitPattern & 0xFFFF_0000, above = below + 0x1_0000
            let (down, up) = (abs(x - Float(bitPattern: below)), abs(x - Float(bitPattern: above)))
            let isLower = down == up ? below & 0x1_0000 == 0 : down < up
            #expect(y == Float(bitPattern: isLower ? below : above), "\(x)")
        }
        let ends: [Float] = [0, .infinity, -.infinity]
        #expect(rounded(ends) == ends && rounded([.greatestFiniteMagnitude]) == [.infinity])
    }

    @Test(arguments: Precision.allCases)
    func `what is no number stays none`(precision: Precision) {
        let engine = CPUEngine(threads: 1, precision: precision)
        let shape = AttentionShape(segments: [20], heads: 1, headWidth: 4)
        let x = engine.allocate(20 * 12), y = engine.allocate(20 * 4, for: .factors)
        var values = [Float](repeating: 0.5, count: x.count)
        values[0] = .nan
        engine.write(values, to: x)
        let qkv = engine.factors(x)
        #expect(engine.read(qkv)[0].isNaN)
        engine.attention(qkv, into: y, logSums: engine.allocate(20), shape: shape)
        #expect(
            engine.read(y).prefix(4).allSatisfy(\.isNaN) && engine.read(y).suffix(4) == [0.5, 0.5, 0.5, 0.5])
    }

    @Test(arguments: EngineTrial.all)
    func `numbers do not depend on the number of threads`(trial: EngineTrial) {
        let benches = [1, 4].map { Workbench(CPUEngine(threads: $0), seed: 2) }
        for bench in benches { trial.run(bench) }
        for (a, b) in zip(benches[0].results, benches[1].results) {
            #expect(benches[0].engine.read(a.buffer) == benches[1].engine.read(b.buffer), "\(a.name)")
        }
        #expect(benches[0].numbers == benches[1].numbers)
    }

    @Test func `the functions are within 2e-7 of the C library's`() {
        let xs = stride(from: Float(-12), through: 12, by: 0.000_37).map { $0 }
        let scores = stride(from: Float(-60), through: 0, by: 0.000_93).map { $0 }
        func worst(_ xs: [Float], _ approximation: [Float], _ exact: (Double) -> Double) -> Double {
            zip(xs, approximation).reduce(0) { worst, pair in
                let exact = exact(Double(pair.0))
                return max(worst, abs(Double(pair.1) - exact) / max(abs(exact), 1e-30))
            }
        }
        #expect(worst(xs, Functions.exp(xs)) { Foundation.exp($0) } <= 2e-7)
        #expect(worst(xs, Functions.erf(xs)) { Foundation.erf($0) } <= 2e-7)
        #expect(worst(scores, Functions.expOfScores(scores)) { Foundation.exp($0) } <= 2e-7)
    }

    @Test(arguments: [UInt64(1), 2])
    func `the processor's own rounding to BF16 is the plain one`(seed: UInt64) {
        var random = SeededRandom(seed: seed, "rounding")
        for count in [1, 15, 16, 17, 31, 1000] {
            // Of any size but subnormal, and no number now and then.
            let xs = (0..<count).map { _ in
                let exponent = UInt32(1 + random.below(255)) << 23
                return Float(
                    bitPattern: exponent | UInt32(truncatingIfNeeded: random.next() >> 32) & 0x807F_FFFF)
            }
            let (own, plain) = (
                Functions.rounded(xs, plainly: false), Functions.rounded(xs, plainly: true)
            )
            for (x, (own, plain)) in zip(xs, zip(own, plain)) {
                let isNone = [own, plain].map { $0 & 0x7FFF > 0x7F80 }
                #expect(x.isNaN ? isNone == [true, true] : own == plain, "\(x)")
            }
        }
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `buffers never overlap and their memory is used again`(seed: UInt64) {
        let engine = CPUEngine(threads: 1)
        var random = SeededRandom(seed: seed, "buffers")
        var held: [(buffer: Buffer, mark: Float)] = []
        for turn in 0..<2000 {
            if held.count > 20 || turn % 3 == 2, !held.isEmpty {
                let (buffer, mark) = held.remove(at: random.below(held.count))
                #expect(engine.read(buffer).allSatisfy { $0 == mark })
            } else {
                let buffer = engine.allocate(random.below(6_000))
                engine.fill(buffer, with: Float(turn))
                held.append((buffer, Float(turn)))
            }
        }
        // At most 21 buffers of 24 kB at once, and what best fit loses between them.
        #expect(engine.memory! < 3 * 21 * 24_000 / 2)
    }

    @Test func `exp at its ends is what it must be`() {
        let ends: [Float] = [-.infinity, -1000, -87, 0, 88, 1000, .infinity]
        #expect(
            Functions.exp(ends).map { $0 == 0 || $0 == .infinity || $0 == 1 } == [
                true, true, false, true, false, true, true,
            ])
        #expect(Functions.exp([.nan])[0].isNaN)
        let scores = Functions.expOfScores([-.infinity, -1000, -60, 0, 0.1, .infinity, .nan])
        #expect(scores[..<3].allSatisfy { $0 > 0 && $0 < 1e-26 } && scores[3..<6] == [1, 1, 1])
        #expect(scores[6].isNaN)
        #expect(Functions.erf([.nan])[0].isNaN)
        #expect(Functions.erf([-.infinity, .infinity]) == [-1, 1])
    }
}

extension EngineTrial: CustomTestStringConvertible {
    public var testDescription: String { name }
}
