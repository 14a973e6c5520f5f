// Which subjects teach, which choose and which judge.

/// The part of a dataset that a subject, with all its studies, belongs to.
package enum Split: String, Sendable, CaseIterable, Codable {
    case train, val, test

    /// The split that a list from elsewhere names, in any case: also as MEDS has them (`tuning`, `held_out`), and as
    /// `valid`, `validation` or `dev`.
    package init?(named name: some StringProtocol) {
        switch name.lowercased() {
        case "train": self = .train
        case "val", "valid", "validation", "dev", "tuning": self = .val
        case "test", "held_out": self = .test
        default: return nil
        }
    }

    /// The words that `init(named:)` knows, for messages.
    package static let knownNames = "train, val (or valid, validation, dev, tuning), test (or held_out)"
}
