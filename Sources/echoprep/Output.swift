// What the program says: names out of files among it, which do nothing to the terminal that shows them.

import EchoCore
import Foundation

/// Prints a result.
func show(_ text: String) { print(printed(text: text)) }

/// Prints a message beside results.
func tell(_ text: String) { FileHandle.standardError.write(Data((printed(text: text) + "\n").utf8)) }
