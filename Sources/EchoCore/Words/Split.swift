// Which subjects teach, which choose and which judge.

/// The part of a dataset that a subject, with all its studies, belongs to.
package enum Split: String, Sendable, CaseIterable, Codable {
    case train, val, test
}
