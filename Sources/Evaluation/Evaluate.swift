// `echoprep evaluate`: what is judged, how, and where the results go.

import EchoCore
import Files
import Foundation

/// Scores the predictions of a csv file, of whatever model.
public func evaluate(predictions path: String, options: ScoringOptions) throws -> RunScores {
    try score(
        Predictions(csv: path), run: URL(fileURLWithPath: path).lastPathComponent, split: "file",
        options: options)
}

/// Any result as JSON text with snake_case keys in alphabetical order; numbers in full.
public func jsonText(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}
