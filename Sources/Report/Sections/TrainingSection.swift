// How the model came to be: losses over the steps, and how good it was on validation.

import EchoCore

/// The section of loss curves.
struct TrainingSection: ReportSection {
    static let anchor: StaticString = "training"
    static let showsAnswers = false
    static let isForOutsiders = true
    let title = "Training"
    private let histories: [TrainingHistory]

    init?(_ subject: ReportSubject) throws {
        histories = try subject.runs.map { try TrainingHistory(run: $0) }
            .filter { !$0.training.isEmpty || !$0.validation.isEmpty }
        if histories.isEmpty { return nil }
    }

    var content: HTML { HTML(histories.map(\.drawn)) }
}
