// Text that came out of a file, before a terminal sees it: it moves no cursor, sets no colour, and is not endless.

import Foundation

/// `text` with U+FFFD in place of every character that a terminal obeys instead of showing it: controls, what turns the
/// direction of writing, what is invisible, and the ends of lines.
package func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isObeyed) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { isObeyed($0) ? "\u{FFFD}" : $0 }))
}

/// The same as a part of a line: cut behind `most` characters, which an ellipsis says.
package func brief(_ text: String, _ most: Int = 80) -> String {
    // What one character may be made of has no end.
    guard text.unicodeScalars.count > most else { return printable(text) }
    return printable(String(String.UnicodeScalarView(text.unicodeScalars.prefix(most)))) + "…"
}

/// Lines for a terminal.
package func printed(_ lines: [String]) -> String { lines.map(printable).joined(separator: "\n") }

/// Text of several lines for a terminal.
package func printed(text: String) -> String {
    text.unicodeScalars.contains { isObeyed($0) && $0 != "\n" }
        ? printed(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)) : text
}

private func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return true
    default: return false
    }
}

/// Whether a name out of data can be that of a file or a folder, and of nothing outside of the folder that it is looked for
/// in: no way up or elsewhere, nothing hidden.
package func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 200 && !name.hasPrefix(".") && printable(name) == name
        && !name.utf8.contains(UInt8(ascii: "/"))
}

/// Whether a path out of data leads to nothing outside of the folder that it is looked for in.
package func isInside(_ path: String) -> Bool {
    !path.isEmpty && !path.hasPrefix("/") && !path.utf8.contains(0)
        && !path.split(separator: "/").contains("..")
}
