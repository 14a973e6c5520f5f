// The one error that users see: where it happened, what is wrong, and what to try.

/// An error for the user.
///
/// It prints as
///
///     files/p10/…_0007.dcm: frame 12 ends after 1,024 of 38,410 bytes
///       try: download the file again
///
/// `place` is a dataset-relative path, an option or a table; none of the three texts holds a patient's value, and what
/// came out of a file does no harm to a terminal: control characters are printed as U+FFFD, and endless texts are cut.
package struct EchoError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file, option or table at fault.
    package let place: String
    /// What is wrong, as a clause without a full stop.
    package let problem: String
    /// What the user may do about it.
    package let remedy: String?
    /// Whether the command was typed wrongly: no file and no machine would make it right.
    package let isUsage: Bool

    package init(_ place: String, _ problem: String, try remedy: String? = nil, isUsage: Bool = false) {
        self.place = place
        self.problem = problem
        self.remedy = remedy
        self.isUsage = isUsage
    }

    package var description: String {
        let first = "\(brief(place, 1000)): \(brief(problem, 2000))"
        return remedy.map { "\(first)\n  try: \(brief($0, 1000))" } ?? first
    }
}

/// Thrown when the user interrupted the work; the state is kept and the same command goes on.
package struct Interrupted: Error, Sendable {
    package init() {}
}
