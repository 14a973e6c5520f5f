import Compute
import ComputeCPU
import ComputeReference
import EchoCore
import Foundation
import Testing

@Suite struct AttentionSharesTests {
    /// One sequence's [heads, groups, groups] from all its weights.
    private func naive(_ qkv: ArraySlice<Float>, _ shape: AttentionShape, groups: [Int]) -> [Double] {
        let rows = groups.reduce(0, +), stride = 3 * shape.width
        let owner = groups.enumerated().flatMap { [Int](repeating: $0, count: $1) }
        var result = [Double](repeating: 0, count: shape.heads * groups.count * groups.count)
        for head in 0..<shape.heads {
            for i in 0..<rows {
                let weights = (0..<rows).map { j in
                    exp(
                        shape.scale
                            * (0..<shape.headWidth).reduce(0) { sum, c in
                                let column = qkv.startIndex + head * shape.headWidth + c
                                return sum + Double(qkv[column + i * stride])
                                    * Double(qkv[column + shape.width + j * stride])
                            })
                }
                let all = weights.reduce(0, +)
                for (j, weight) in weights.enumerated() {
                    let place = (head * groups.count + owner[i]) * groups.count + owner[j]
                    result[place] += weight / all / Double(groups[owner[i]])
                }
            }
        }
        return result
    }

    // A head is 3 wide, so four groups take two turns.
    @Test(arguments: [[[2, 3]], [[4, 1, 2, 5], [6], [1, 1]]], [true, false])
    func `shares of groups are sums of single weights`(groups: [[Int]], reference: Bool) {
        let engine: any Engine = reference ? ReferenceEngine() : CPUEngine(threads: 2)
        let shape = AttentionShape(segments: groups.map { $0.reduce(0, +) }, heads: 2, headWidth: 3)
        var random = SeededRandom(seed: 1, "shares")
        let values = (0..<3 * shape.rows * shape.width).map { _ in Float(2 * random.normal()) }
        let qkv = engine.allocate(values.count)
        engine.write(values, to: qkv)
        let found = engine.attentionShares(qkv, heads: 2, groups: groups)
        #expect(engine.read(qkv) == values)
        var start = 0
        for (groups, found) in zip(groups, found) {
            let end = start + 3 * groups.reduce(0, +) * shape.width
            for (a, b) in zip(found, naive(values[start..<end], shape, groups: groups)) {
                #expect(abs(Double(a) - b) < 1e-6)
            }
            start = end
        }
    }
}
