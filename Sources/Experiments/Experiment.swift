// The paper's tables and figures, declared: which models meet which task, and how the outcome is shown.

import EchoCore
package import Models
import Report
package import Scoring
package import Tasks

/// One way of coming to a model that predicts: its kind, where its weights start, and how much of it learns.
package struct Arm: Sendable, Hashable {
    package enum Regime: String, Sendable, CaseIterable {
        /// Pre-trained, then all of it learns.
        case full
        /// Pre-trained, then only the head learns.
        case frozen
        /// Random weights, all of which learn.
        case scratch
        /// Pre-trained, with a head of one layer, then all of it learns.
        case linear
        /// Pre-trained, then only an attentive head learns.
        case attentive
    }

    package let model: ModelKind
    package let regime: Regime

    /// "lamae-full": the first part of a run folder's name.
    var folder: String { "\(model.rawValue)-\(regime.rawValue)" }
    /// "LAMAE, frozen": the name in tables.
    var title: String { regime == .full ? model.title : "\(model.title), \(regime.title)" }
}

/// What a model must beat to have learned anything.
package enum Floor: String, Sendable {
    /// A linear model on the study's mean picture, 28 × 28 pixels.
    case pixels
    /// The mean of the training split for everyone.
    case mean

    var title: String {
        switch self {
        case .pixels: "raw pixels, linear"
        case .mean: "mean of the training split"
        }
    }
}

/// A declared experiment: its grid is arms × seeds, and every arm that is not from scratch begins with its model
/// pre-trained, once for all seeds.
package struct Experiment: Sendable {
    package enum Presentation: Sendable, Equatable {
        /// A line an arm, a column a measure.
        case table
        /// A line a code and a mark an arm.
        case bars(Measure)
        /// Whether 0.5 lies in the interval of the AUROC.
        case leakTest
    }

    package let name: String
    package let title: String
    /// Of one head.
    package let task: TrainTask
    package let arms: [Arm]
    package let floors: [Floor]
    package let presentation: Presentation

    /// Every experiment by its name.
    package static let all = [table1, table2, figure2, figure3, heads, probes, leak]

    /// What its models answer.
    var answers: AnswerKind { task.heads[0].answers }

    /// What comes before an experiment's task.
    static let pretraining = TrainTask.pretrain

    /// The end of the names of runs that learn its task: nothing for the first that there was.
    var suffix: String { task == Self.all[0].task ? "" : "-\(task.name)" }

    private static func grid(_ regimes: Arm.Regime...) -> [Arm] {
        regimes.flatMap { regime in
            [.mae, .videoMAE, .lamae, .videoLAMAE].map { Arm(model: $0, regime: regime) }
        }
    }

    static let table1 = Experiment(
        name: "table1", title: "ICD-10 categories: four models, fine-tuned in full, frozen, and from scratch",
        task: .icd, arms: grid(.full, .frozen, .scratch), floors: [.pixels], presentation: .table)

    static let table2 = Experiment(
        name: "table2", title: "Ejection fraction: four models, fine-tuned in full, frozen, and from scratch",
        task: .lvef, arms: grid(.full, .frozen, .scratch), floors: [.pixels, .mean], presentation: .table)

    static let figure2 = Experiment(
        name: "figure2", title: "ICD-10 categories: AUROC of each code", task: .icd, arms: grid(.full),
        floors: [],
        presentation: .bars(.auroc))

    static let figure3 = Experiment(
        name: "figure3", title: "ICD-10 categories: F1 of each code", task: .icd, arms: grid(.full),
        floors: [],
        presentation: .bars(.f1))

    /// A linear head adds up what the tokens say: what hangs on several views together, tokens must have told each other.
    static let heads = Experiment(
        name: "heads", title: "ICD-10 categories: a head of two layers, and a linear one", task: .icd,
        arms: grid(.full, .linear), floors: [.pixels], presentation: .table)

    /// What a frozen encoder knows need not lie in its mean token; an attentive probe finds it where it lies.
    static let probes = Experiment(
        name: "probes",
        title: "ICD-10 categories: frozen encoders, read by their mean token and by attention",
        task: .icd, arms: grid(.full, .frozen, .attentive), floors: [.pixels], presentation: .table)

    /// With labels dealt out anew among subjects nothing can be learned: what is, has leaked.
    static let leak = Experiment(
        name: "leak", title: "ICD-10 categories, labels shuffled among subjects", task: .icd,
        arms: [Arm(model: .lamae, regime: .full)], floors: [], presentation: .leakTest)
}

extension Arm.Regime {
    /// In tables.
    var title: String {
        switch self {
        case .full: "fine-tuned in full"
        case .frozen: "frozen"
        case .scratch: "from scratch"
        case .linear: "linear head"
        case .attentive: "frozen, attentive probe"
        }
    }

    var isFrozen: Bool { self == .frozen || self == .attentive }
    var probe: Probe { self == .attentive ? .attentive : .mean }
}
