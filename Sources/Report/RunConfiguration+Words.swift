// What a run's model is called, and which runs are of one model.

package import Models
package import Runs
import Tasks

extension RunConfiguration {
    /// All that the numbers depend on but seeds, where files lie and the program's version.
    package var withoutSeeds: RunConfiguration {
        var key = self
        key.recipe.seed = 0
        (key.program, key.recipe.dataset, key.recipe.initial) = ("", "", nil)
        key.upkeep = Upkeep()
        key.initial?.file = ""
        key.initial?.sha256 = ""
        return key
    }

    /// In words, the kind of model and how it came about.
    package var description: String {
        [
            modelName, initial == nil ? "from scratch" : "pre-trained", recipe.frozen ? "frozen" : "",
            model.linearHead == true ? "linear head" : "", model.probe == .attentive ? "attentive probe" : "",
        ]
        .filter { !$0.isEmpty }.joined(separator: ", ")
    }

    package var modelName: String { model.kind.title }

    /// What it is judged on, head by head; empty where it was pre-trained only.
    package var subject: String {
        zip(task.heads, heads).map { $0.subject($1.targets.count) }.joined(separator: ", ")
    }
}

extension ModelKind {
    /// "LAMAE", "Video-LAMAE", "MAE", "VideoMAE".
    package var title: String {
        switch self {
        case .lamae: "LAMAE"
        case .videoLAMAE: "Video-LAMAE"
        case .mae: "MAE"
        case .videoMAE: "VideoMAE"
        }
    }
}

extension ModelConfiguration {
    /// What stands between a study's tokens and its numbers, in words.
    package var headWords: String {
        if probe == .attentive { return "attentive: a learned query reads all tokens, then one layer" }
        return linearHead == true ? "one linear layer" : "two layers"
    }
}
