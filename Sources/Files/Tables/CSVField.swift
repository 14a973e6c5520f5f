// One rule for all csv files that are written.

/// A text as a field of a csv file (RFC 4180): quoted where it holds a comma, a quote or a line break.
package func csvField(_ text: String) -> String {
    // A carriage return with its line feed is one character, which is a newline too.
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"\(text.replacing("\"", with: "\"\""))\""
}
