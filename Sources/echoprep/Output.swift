// What the program says: names out of files among it, which do nothing to the terminal that shows them.

import EchoCore
import Synchronization

/// Whether messages are dropped (`--quiet`).
let isQuiet = Mutex(false)

/// Prints a result.
///
/// - Throws: `EchoError` where it cannot be written
func show(_ text: String) throws(EchoError) { try Standard.show(printed(text: text)) }

/// Prints the paths that were written.
///
/// - Throws: `EchoError` where they cannot be
func show(written paths: [String], json: Bool) throws {
    struct Written: Encodable { let written: [String] }
    try show(json ? jsonText(Written(written: paths)) : paths.joined(separator: "\n"))
}

/// Prints a message beside results; one that cannot be shown, or that nobody wants, is dropped.
func tell(_ text: String) {
    guard !isQuiet.withLock({ $0 }) || text.hasPrefix("warning:") else { return }
    Standard.say(printed(text: text))
}

/// Prints what is wrong.
func complain(_ text: String) { Standard.say(printed(text: text)) }

/// Prints the command that comes next, whose words are quoted where a shell would take them for something else.
func tellNext(_ words: String...) {
    tell("next: echoprep " + words.map(shellWord).joined(separator: " "))
}

/// Prints what comes next with a dataset or a run.
func tellNext(with folder: String) {
    if isQuiet.withLock({ $0 }) { return }
    if let next = (try? FolderStatus(folder))?.next { tell("next: \(next)") }
}

/// Prints by what Python reads what was written.
func tellPython(_ expression: String) { tell("next, in Python: \(expression)") }

/// A text as a literal of Python, or of JSON.
func quoted(_ text: String) -> String { (try? jsonText(text)) ?? "\"\"" }

/// A word as a shell reads it back.
func shellWord(_ word: String) -> String {
    let isPlain = word.wholeMatch(of: /[A-Za-z0-9_.,:=+@%\/-]+/) != nil
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
}
