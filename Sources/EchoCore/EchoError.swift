// The one error that users see: where it happened, what is wrong, and what to try.

/// An error for the user.
///
/// It prints as
///
///     files/p10/…_0007.dcm: frame 12 ends after 1,024 of 38,410 bytes
///       try: download the file again
///
/// `place` is a dataset-relative path, an option or a table; none of the three texts holds a patient's value, and what
/// came out of a file does no harm to a terminal: control characters are printed as U+FFFD.
package struct EchoError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file, option or table at fault.
    package let place: String
    /// What is wrong, as a clause without a full stop.
    package let problem: String
    /// What the user may do about it.
    package let remedy: String?
    /// Whether the machine is at fault and not what `place` names: a disk that is gone, a limit that is reached. The same
    /// may succeed later.
    package let isPassing: Bool

    package init(_ place: String, _ problem: String, try remedy: String? = nil, isPassing: Bool = false) {
        self.place = place
        self.problem = problem
        self.remedy = remedy
        self.isPassing = isPassing
    }

    package var description: String {
        let first = "\(printable(place)): \(printable(problem))"
        return remedy.map { "\(first)\n  try: \(printable($0))" } ?? first
    }
}

/// `text` with U+FFFD in place of every control character.
package func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
        return text
    }
    return String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
}

/// Lines for a terminal, with U+FFFD in place of every control character within them.
package func printed(_ lines: [String]) -> String { lines.map(printable).joined(separator: "\n") }

/// Thrown when the user interrupted the work; the state is kept and the same command goes on.
package struct Interrupted: Error, Sendable {
    package init() {}
}
