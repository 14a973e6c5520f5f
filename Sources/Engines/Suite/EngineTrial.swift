// An operation of engines at one shape, and how far apart two engines are that do it.

package import Compute

/// One operation at one shape: runs it on the engine of a workbench, which notes everything that it wrote.
package struct EngineTrial: Sendable {
    package let name: String
    package let run: @Sendable (Workbench) -> Void

    init(_ name: String, _ run: @escaping @Sendable (Workbench) -> Void) {
        self.name = name
        self.run = run
    }

    /// How far a result is from the reference's.
    package struct Difference: Sendable {
        /// The operation's result, as "dx".
        package let result: String
        /// The root of the sum of squared differences, and of the reference's squares.
        package let difference: Double, size: Double

        /// The difference by what the precision allows for numbers of that size: at most 1 of a right engine.
        package func share(allowedIn precision: Precision) -> Double {
            switch precision {
            // Numbers that cancel keep the error of what they were made of.
            case .f32: difference / (3e-6 * size + 3e-8)
            case .bf16: difference / (0x1p-7 * size + 2e-4)
            }
        }
    }

    /// Runs it on both engines, on the same numbers, and compares all results.
    package func compare(_ engine: any Engine, with reference: any Engine, seed: UInt64) -> [Difference] {
        let (expected, judged) = (Workbench(reference, seed: seed), Workbench(engine, seed: seed))
        run(expected)
        run(judged)
        let buffers = zip(expected.results, judged.results).map { expected, judged in
            difference(
                expected.name, reference.read(expected.buffer).map(Double.init),
                engine.read(judged.buffer).map(Double.init))
        }
        return buffers + [difference("sums", expected.numbers, judged.numbers)]
    }

    private func difference(_ result: String, _ expected: [Double], _ judged: [Double]) -> Difference {
        let difference = zip(expected, judged).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return Difference(
            result: result, difference: difference.squareRoot(),
            size: expected.reduce(0) { $0 + $1 * $1 }.squareRoot())
    }
}
