// The numbers behind the figures as csv files.

import Files

/// A table as csv text (RFC 4180): fields with a comma, a quote or a line break are quoted, nil is empty.
package func csvText(_ header: [String], _ rows: [[String?]]) -> String {
    ([header] + rows).map { $0.map { $0.map(csvField) ?? "" }.joined(separator: ",") + "\n" }.joined()
}
