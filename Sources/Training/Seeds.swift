// The same training from several seeds, one after the other, so that chance can be told from skill.

import Compute
import EchoCore
import Foundation
import Runs

/// Trains once for each seed, in RUN/seed-1, RUN/seed-2 and so on; finished ones are only reported.
///
/// - Parameter options: their `run` is the folder of all of them
/// - Throws: as `train`
package func train(
    _ options: TrainOptions, seeds: [UInt64], say: @escaping (String) -> Void
) throws -> [TrainSummary] {
    try options.place.ranks.together {
        guard !seeds.isEmpty, Set(seeds).count == seeds.count else {
            throw EchoError("--seeds", "must be different numbers", try: "give them as 1,2,3")
        }
        guard options.trace == nil else {
            throw EchoError(
                "--trace", "is for one run", try: "leave out --seeds, or trace one of them by --seed")
        }
        if FileManager.default.fileExists(atPath: RunFolder(options.run).config) {
            throw EchoError(
                "--run", "the folder holds a run of one seed", try: "name another folder for several")
        }
    }
    return try seeds.map { seed in
        var own = options
        own.recipe.seed = seed
        own.run = "\(options.run)/\(RunFolder.prefix)\(seed)"
        // Those that are yet to begin are part of what is resumed.
        own.resume = options.resume && seed == seeds.first
        if own.place.ranks.isFirst { say("seed \(seed)") }
        return try train(own, say: say)
    }
}
