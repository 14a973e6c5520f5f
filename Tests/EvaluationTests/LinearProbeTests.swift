import EchoCore
import Evaluation
import Foundation
import Testing

@Suite struct LinearProbeTests {
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
