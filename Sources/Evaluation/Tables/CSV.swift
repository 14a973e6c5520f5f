// The numbers behind the figures as csv files.

/// A table as csv text (RFC 4180): fields with a comma, a quote or a line break are quoted, nil is empty.
func csvText(_ header: [String], _ rows: [[String?]]) -> String {
    func escaped(_ field: String?) -> String {
        guard let field, field.contains(where: { ",\"\r\n".contains($0) }) else { return field ?? "" }
        return
            "\"\(field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
    }
    return ([header] + rows).map { $0.map(escaped).joined(separator: ",") + "\n" }.joined()
}
