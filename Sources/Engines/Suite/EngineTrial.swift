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

    /// All numbers of one result, as "dx".
    package struct Result: Sendable {
        package let name: String
        package let numbers: [Double]
        fileprivate var isSum = false
    }

    /// How far a result is from the reference's.
    package struct Difference: Sendable {
        package let result: String
        /// The root of the sum of squared differences, and of the reference's squares.
        package let difference: Double, size: Double
        /// Whether it is one number that many were summed into.
        private let isSum: Bool

        init(_ judged: Result, from expected: Result) {
            result = expected.name
            isSum = expected.isSum
            difference = zip(expected.numbers, judged.numbers).reduce(0) {
                $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
            }.squareRoot()
            size = expected.numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
        }

        /// The difference by what the precision allows for numbers of that size: at most 1 of a right engine, and
        /// infinity of one whose numbers are none.
        ///
        /// - Parameter floor: what is allowed in F32 of numbers that cancel, which keep the error of what they were made of
        package func share(allowedIn precision: Precision, floor: Double = 3e-8) -> Double {
            let allowed =
                switch precision {
                case .f32 where isSum: 1e-6 * size
                case .f32: 3e-6 * size + floor
                case .bf16: 0x1p-7 * size + 2e-4
                }
            return difference == 0 ? 0 : difference.isNaN ? .infinity : difference / allowed
        }
    }

    /// What an engine makes of it, of the same numbers for each engine.
    ///
    /// - Parameter kept: with what is kept for the way back, which engines of ours have in one form
    package func results(on engine: any Engine, seed: UInt64, kept: Bool = false) -> [Result] {
        let bench = Workbench(engine, seed: seed)
        run(bench)
        return (bench.results + (kept ? bench.kept : [])).map {
            Result(name: $0.name, numbers: engine.read($0.buffer).map(Double.init))
        } + bench.numbers.map { Result(name: "sum", numbers: [$0], isSum: true) }
    }

    /// The differences of one engine's results from another's.
    package static func differences(of judged: [Result], from expected: [Result]) -> [Difference] {
        zip(judged, expected).map { Difference($0, from: $1) }
    }
}
