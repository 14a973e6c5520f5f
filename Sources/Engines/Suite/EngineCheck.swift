// What can compute here, found out by computing: every operation against the reference, and a rate of products.

package import Compute
import ComputeReference
package import EchoCore

/// An engine on one of its devices in one precision, and what a check of it found.
package struct EngineCheck: Sendable {
    package let engine: String, device: String
    package let precision: Precision
    /// What computes, in words.
    package let kernels: String
    /// Bytes that are free on the device; nil where memory is the machine's.
    package let freeMemory: Int?
    /// Floating-point operations a second of a product of two matrices of 1,536 × 1,536.
    package let rate: Double
    /// Of all operations that with the largest difference by what is allowed, which is 1.
    package let worst: (trial: String, result: String, share: Double)

    package var isRight: Bool { worst.share <= 1 }

    /// What a check came to.
    package enum Finding: Sendable {
        case checked(EngineCheck)
        /// That engine cannot compute, and why not.
        case absent(engine: String, EchoError)
    }

    /// Checks all engines that are here on all their devices, the reference apart.
    ///
    /// - Parameter each: receives each as it is found
    package static func all(
        threads: Int, _ each: (Finding) throws(EchoError) -> Void
    ) throws(EchoError) {
        let reference = ReferenceEngine()
        // Once for all: it is by far the slowest.
        let expected = EngineTrial.all.map { $0.results(on: reference, seed: 1) }
        for kind in Engines.all where kind.name != EngineKind.reference.name {
            if let error = kind.absence() { try each(.absent(engine: kind.name, error)) }
            for device in kind.devices() {
                for precision in Precision.allCases {
                    let found: Finding
                    do throws(EchoError) {
                        let place = Place(kind, device: device, threads: threads)
                        let engine = try place.makeEngine(precision)
                        found = .checked(EngineCheck(engine, kind.name, device, precision, expected))
                    } catch {
                        found = .absent(engine: kind.name, error)
                    }
                    try each(found)
                }
            }
        }
    }

    private init(
        _ engine: any Engine, _ name: String, _ device: String, _ precision: Precision,
        _ expected: [[EngineTrial.Result]]
    ) {
        self.engine = name
        self.device = device
        self.precision = precision
        kernels = engine.kernels
        freeMemory = engine.freeMemory
        var worst = (trial: "", result: "", share: -1.0)
        for (trial, expected) in zip(EngineTrial.all, expected) {
            let judged = trial.results(on: engine, seed: 1)
            for found in EngineTrial.differences(of: judged, from: expected) {
                let share = found.share(allowedIn: precision)
                if share > worst.share { worst = (trial.name, found.result, share) }
            }
        }
        self.worst = worst
        rate = EngineCheck.rate(of: engine)
    }

    /// Products are repeated until they have taken a fifth of a second.
    private static func rate(of engine: any Engine) -> Double {
        let n = 1536
        let bench = Workbench(engine, seed: 1)
        let (x, weight) = (bench.input(n * n, for: .factors), bench.input(n * n, for: .weights))
        let (bias, y) = (bench.input(n), engine.allocate(n * n, for: .factors))
        let sum = engine.allocate(1, for: .sums)
        func seconds(repeating count: Int) -> Double {
            let start = ContinuousClock.now
            for _ in 0..<count {
                engine.linear(
                    x, weight: weight, bias: bias, into: y, rows: n, inputs: n, outputs: n, then: .none)
            }
            engine.norm(of: [bias], into: sum)
            // Waits for all that was asked before.
            _ = engine.sums(sum)
            return start.duration(to: .now) / .seconds(1)
        }
        var count = 1, taken = seconds(repeating: 1)
        repeat {
            count *= 2
            taken = seconds(repeating: count)
        } while taken < 0.2
        return 2 * Double(n * n) * Double(n * count) / taken
    }
}
