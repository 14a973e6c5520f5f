import EchoCore
import Evaluation
import Experiments
import Foundation
import Testing

@Suite struct LinearProbeTests {
    @Test(arguments: [UInt64(1), 2], [LinearProbe.Loss.logistic, .squared])
    func `a target that is not known says nothing of its output`(seed: UInt64, loss: LinearProbe.Loss) {
        var random = SeededRandom(seed: seed, "unknown")
        let features = (0..<40).map { _ in (0..<5).map { _ in Float(random.normal()) } }
        let whole = features.map { row in [Float(row[0] > 0 ? 1 : 0), Float(row[1] > 0 ? 1 : 0)] }
        let partly = whole.enumerated().map { $0 % 3 == 0 ? [$1[0], .nan] : $1 }
        func probe(_ targets: [[Float]]) -> LinearProbe {
            LinearProbe(features: features, targets: targets, loss: loss, penalty: 0.1)
        }
        let (all, some) = (probe(whole), probe(partly))
        #expect(some.weights[0] == all.weights[0] && some.intercepts[0] == all.intercepts[0])
        let slopes = zip(features, partly).compactMap { row, target -> Float? in
            let value = some(row)[1]
            return target[1].isNaN ? nil : (loss == .logistic ? 1 / (1 + exp(-value)) : value) - target[1]
        }
        #expect(slopes.count == 26 && abs(slopes.reduce(0, +) / 26) < 1e-4)
        #expect(probe(whole.map { [$0[0], .nan] }).weights[1].allSatisfy { $0 == 0 })
    }

    @Test(arguments: [UInt64(1), 2], [LinearProbe.Loss.logistic, .squared])
    func `the fit ends where its gradient vanishes`(seed: UInt64, loss: LinearProbe.Loss) {
        var random = SeededRandom(seed: seed, "probe")
        let features = (0..<60).map { _ in (0..<20).map { _ in Float(random.normal()) } }
        let targets = features.map { row in [Float(row[0] + row[1] + Float(random.normal()) > 0 ? 1 : 0)] }
        let penalty: Float = 0.1
        let probe = LinearProbe(features: features, targets: targets, loss: loss, penalty: penalty)
        // The gradient in standardised features, of which the weights are part.
        let count = Float(features.count)
        let slopes = zip(features, targets).map { row, target in
            let value = probe(row)[0]
            return (loss == .logistic ? 1 / (1 + exp(-value)) : value) - target[0]
        }
        #expect(abs(slopes.reduce(0, +) / count) < 1e-4)
        for index in 0..<20 {
            let column = features.map { $0[index] }
            let mean = column.reduce(0, +) / count
            let spread = (column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
            let gradient = zip(slopes, column).reduce(0) { $0 + $1.0 * ($1.1 - mean) / spread } / count
            #expect(abs(gradient + penalty * probe.weights[0][index]) < 1e-4)
        }
    }
}
