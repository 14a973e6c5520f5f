// What the program says: names out of files among it, which do nothing to the terminal that shows them.

import EchoCore

/// Prints a result.
///
/// - Throws: `EchoError` where it cannot be written
func show(_ text: String) throws(EchoError) { try Standard.show(printed(text: text)) }

/// Prints a message beside results; one that cannot be shown is dropped.
func tell(_ text: String) { Standard.say(printed(text: text)) }
