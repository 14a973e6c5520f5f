// How the numbers were made, so that the page can stand alone.

import EchoCore
import Models
import Runs
import Scoring

/// The section on definitions and settings.
struct MethodSection: ReportSection {
    static let anchor: StaticString = "method"
    static let showsAnswers = false
    static let isForOutsiders = true
    let title = "How this was made"
    /// Of the model that the page is about.
    private let settings: [(name: String, value: String)]

    init(_ subject: ReportSubject) {
        settings = subject.trained?.configuration.settings(forOutsiders: subject.isForOutsiders) ?? []
    }

    var content: HTML {
        let items: [HTML] = settings.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>\n" }
        let list: HTML = items.isEmpty ? HTML() : "<dl class=\"settings\">\n\(items)</dl>\n"
        return """
            <p>AUROC, average precision, F1, Brier score and errors are defined as in scikit-learn; macro averages are \
            plain means over codes. Intervals are percentiles of a Bayesian bootstrap (Rubin 1981): every resampling weighs each \
            subject anew, with all its studies, because studies of one subject are not independent, and leaves nobody \
            out, so means are over the same codes throughout.</p>
            \(list)
            """
    }
}

extension RunConfiguration {
    /// The choices that a reader wants to know, in words.
    fileprivate func settings(forOutsiders: Bool) -> [(name: String, value: String)] {
        func count(_ studies: Int) -> String {
            forOutsiders && studies < Answers.fewest ? "fewer than \(Answers.fewest)" : grouped(studies)
        }
        return [
            ("model", model.kind.rawValue),
            ("image and patch", "\(model.image), \(model.patch)"),
            ("views and frames", "\(model.views), \(model.frames)"),
            ("width, layers, heads", "\(model.dim), \(model.depth), \(model.heads)"),
            ("latent attention, layers", "\(model.latentDepth)"),
            ("epochs", "\(recipe.epochCount), warm-up \(recipe.warmupCount)"),
            ("batch", "\(recipe.batch)"),
            ("learning rate", "\(recipe.learningRate)"),
            ("weight decay", "\(recipe.weightDecay)"),
            ("head", model.headWords),
            ("frozen", recipe.frozen ? "yes, only the head learned" : "no"),
            ("started from", initial == nil ? "random weights" : "a pre-trained checkpoint"),
            ("seed", "\(recipe.seed)"),
            ("studies: train, validation", "\(count(data.train)), \(count(data.validation))"),
            ("program", program),
        ]
    }
}
