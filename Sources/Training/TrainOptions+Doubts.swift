// Settings that are possible and can hardly be meant, told before a run begins.

import Catalog
import EchoCore
import Runs
import StudyData

extension TrainOptions {
    /// What is possible and can hardly be meant, each with the reason.
    func doubts(about set: StudySet) -> [String] {
        let clips = set.train.map(\.stored.clips)
        let most = clips.map(\.count).max() ?? 0, longest = clips.joined().map(\.frames).max() ?? 0
        let doubts: [(Bool, String)] = [
            (
                recipe.batch > max(Recipe().batch, set.train.count),
                "--batch \(recipe.batch): the split train has \(grouped(set.train.count)) studies, so an epoch is one step"
            ),
            (
                (recipe.views ?? 0) > most && !recipe.padViews,
                "--views \(recipe.views ?? 0): no study of the split train has more than \(grouped(most)) clips"
            ),
            (
                (recipe.frames ?? 0) > longest,
                "--frames \(recipe.frames ?? 0): no clip of the split train has more than \(grouped(longest)) frames, so they are repeated"
            ),
            (
                recipe.learningRate > 0.1,
                "--lr \(recipe.learningRate): AdamW learns by rates below 0.1, most by 1e-3 and less"
            ),
            (
                recipe.warmupCount >= recipe.epochCount && recipe.warmupEpochs != nil,
                "--warmup-epochs \(recipe.warmupCount): the run ends before its learning rate has grown"
            ),
        ]
        return doubts.filter(\.0).map { "warning: \($0.1)" }
    }
}
