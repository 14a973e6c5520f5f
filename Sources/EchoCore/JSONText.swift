// Results as JSON, in one form for all commands.

import Foundation

/// Any result as JSON text with snake_case keys in alphabetical order; numbers in full.
package func jsonText(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return escaped(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// The same JSON with the characters escaped that JSON allows as they are and terminals obey.
package func escaped(_ json: String) -> String {
    guard json.unicodeScalars.contains(where: isObeyed) else { return json }
    return json.unicodeScalars.reduce(into: "") { text, scalar in
        if isObeyed(scalar) {
            text += "\\u" + zeroPadded(scalar.value, 4, radix: 16)
        } else {
            text.unicodeScalars.append(scalar)
        }
    }
}

private func isObeyed(_ scalar: Unicode.Scalar) -> Bool { (0x7F...0x9F).contains(scalar.value) }
