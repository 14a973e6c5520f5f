// The sum of gradients over ranks, while the way back goes on: what a way back has finished lies in buckets, and another
// thread sums each as soon as it is full, where the engine allows that.

package import Compute
import EchoCore

/// Sums the gradients of a model over ranks.
///
/// The gradients of a bucket lie side by side, in the order in which a way back finishes them, so that the last bucket
/// alone is waited for. All ranks sum the same buckets in the same order.
package final class GradientSum {
    /// Numbers of a bucket, 16.8 MB: of the sizes tried the fastest between two processes of one machine.
    private static let bucketSize = 4 << 20

    private struct Bucket {
        let slab: Slab
        /// The parameters whose gradients are its parts.
        let tensors: [Tensor]
    }

    private let engine: any Engine
    private let ranks: any Ranks
    private let buckets: [Bucket]
    /// Of each parameter: its bucket, and how often a way back writes its gradient.
    private let places: [ObjectIdentifier: (bucket: Int, uses: Int)]
    private var step: Step?

    /// The sum of one step.
    private struct Step {
        /// Writings that are still to come of each parameter, and parameters of each bucket that are not finished.
        var uses: [ObjectIdentifier: Int]
        var unfinished: [Int]
        let finished: Monitor<Finished>
        let sum: Background<Void>
    }

    /// Buckets whose gradients are all there.
    private struct Finished {
        var buckets: Set<Int> = []
        var isGivenUp = false
    }

    /// - Parameter order: the model's parameters whose gradients a way back writes, by `EchoModel.written`
    package init(of model: EchoModel, order: [Int], over ranks: any Ranks) {
        engine = model.engine
        self.ranks = ranks
        let uses = Dictionary(order.map { ($0, 1) }, uniquingKeysWith: +)
        // By the last writing of each.
        var seen: Set<Int> = []
        let finishing = order.reversed().filter { seen.insert($0).inserted }.reversed()
        var groups: [[Int]] = []
        var room = 0
        for place in finishing {
            let count = model.parameterList[place].tensor.count
            if count > room {
                groups.append([])
                room = max(count, GradientSum.bucketSize)
            }
            groups[groups.count - 1].append(place)
            room -= count
        }
        var places: [ObjectIdentifier: (Int, Int)] = [:]
        buckets = groups.enumerated().map { bucket, group in
            let tensors = group.map { model.parameterList[$0].tensor }
            let slab = model.engine.slab(tensors.map(\.count), for: .weights)
            for (place, (tensor, part)) in zip(group, zip(tensors, slab.parts)) {
                tensor.gradientPlace = part
                places[ObjectIdentifier(tensor)] = (bucket, uses[place] ?? 0)
            }
            return Bucket(slab: slab, tensors: tensors)
        }
        self.places = places
        model.whenLearned = { [weak self] in self?.learned($0) }
    }

    deinit { giveUp() }

    /// Numbers that are summed in a step.
    package var count: Int { buckets.reduce(0) { $0 + $1.slab.whole.count } }

    /// The next way back is the last of a step: what it finishes is summed.
    package func begin() {
        guard engine.changesBesideWork else { return }
        let finished = Monitor(Finished())
        let (engine, ranks, wholes) = (engine, ranks, buckets.map(\.slab.whole))
        // Where the system has no thread to give, `finish` sums.
        let sum = Background.beside {
            for (bucket, whole) in wholes.enumerated() {
                let goesOn = finished.change(when: { $0.isGivenUp || $0.buckets.contains(bucket) }) {
                    !$0.isGivenUp
                }
                guard goesOn else { return }
                try engine.sum(whole, areSums: false, over: ranks)
            }
        }
        guard let sum else { return }
        step = Step(
            uses: places.mapValues(\.uses), unfinished: buckets.map(\.tensors.count), finished: finished,
            sum: sum)
    }

    /// Returns once all gradients are sums over all ranks; those that this rank has not written count as 0.
    package func finish() throws {
        for tensor in buckets.flatMap(\.tensors) where tensor.gradient == nil {
            tensor.clearGradient(on: engine)
        }
        guard let begun = step else {
            for bucket in buckets { try engine.sum(bucket.slab.whole, areSums: false, over: ranks) }
            return
        }
        begun.finished.change { [buckets] in $0.buckets = Set(buckets.indices) }
        step = nil
        try begun.sum.value()
    }

    /// The way back has written the gradient of a parameter.
    private func learned(_ tensor: Tensor) {
        let id = ObjectIdentifier(tensor)
        guard let place = places[id], let uses = step?.uses[id] else { return }
        precondition(uses > 0, "a way back writes gradients as often as the one before")
        step?.uses[id] = uses - 1
        guard uses == 1 else { return }
        step?.unfinished[place.bucket] -= 1
        if step?.unfinished[place.bucket] == 0 {
            step?.finished.change { _ = $0.buckets.insert(place.bucket) }
        }
    }

    private func giveUp() { step?.finished.change { $0.isGivenUp = true } }
}

extension EchoModel {
    /// The places, in `parameters`, of those whose gradients `step` writes, in the order of writing: several times of one
    /// that several operations use.
    package func written(by step: () -> Void) -> [Int] {
        let places = Dictionary(
            uniqueKeysWithValues: parameterList.enumerated().map { (ObjectIdentifier($1.tensor), $0) })
        var order: [Int] = []
        whenLearned = { tensor in if let place = places[ObjectIdentifier(tensor)] { order.append(place) } }
        step()
        whenLearned = { _ in }
        return order
    }
}
