// In which order a reading meets its clips.

/// How the order of a reading is made: a case here, and what it asks for in `ReviewQueue`.
package enum QueueOrder: String, Sendable, CaseIterable {
    /// As the files lie.
    case order
    /// Studies in an order drawn for each rater, and the clips of each study too.
    case random
    /// Studies that the model is least sure of first.
    case uncertain
    /// Studies whose labels the model contradicts most first.
    case model
    /// Clips that raters judge differently, and no others.
    case raters

    /// Whether a model has to be there.
    package var needsRun: Bool { self == .uncertain || self == .model }
}
