// Markup that cannot be injected into: only literals of this source are markup, every other text is escaped.

import EchoCore
import Foundation
import Scoring

/// A piece of a page.
///
/// Its literals are `StaticString`s, so no text that comes at run time can become markup: interpolating a `String`
/// escapes it, whatever it holds. Attribute values stand in double quotes.
///
///     let cell: HTML = "<td title=\"\(title)\">\(value, decimals: 3)</td>"
package struct HTML: ExpressibleByStringInterpolation, Sendable {
    /// The markup. It parses as XML.
    package private(set) var text = ""

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        package mutating func appendLiteral(_ literal: StaticString) { text += literal.description }
        package mutating func appendInterpolation(_ part: HTML) { text += part.text }
        package mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { text += part.text } }
        package mutating func appendInterpolation(_ value: String) { text += HTML.escaped(value) }
        /// With commas between thousands, for readers.
        package mutating func appendInterpolation(_ value: Int) { text += grouped(value) }
        /// Digits alone, for attributes.
        package mutating func appendInterpolation(plain value: Int) { text += value.description }
        package mutating func appendInterpolation(_ value: Double, decimals: Int) {
            text += fixed(value, decimals)
        }
        package mutating func appendInterpolation(_ image: EncodedImage) { text += image.dataURI }
    }

    package init(stringLiteral value: StaticString) { text = value.description }
    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
    package init() {}

    /// Text as it stands, escaped.
    package init(_ plain: String) { text = HTML.escaped(plain) }

    /// Parts one after the other.
    package init(_ parts: [HTML]) { text = parts.map(\.text).joined() }

    package static func + (a: HTML, b: HTML) -> HTML { HTML([a, b]) }
    package static func += (a: inout HTML, b: HTML) { a.text += b.text }

    /// The five characters that mean something in markup become entities, and what XML forbids a replacement.
    private static func escaped(_ text: String) -> String {
        var out = ""
        out.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            case "\t", "\n", "\r": out.unicodeScalars.append(scalar)
            case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": out += "\u{FFFD}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

/// A picture as it stands inside of the page.
package struct EncodedImage: Sendable, Equatable {
    package enum Format: String { case png, jpeg }

    fileprivate let dataURI: String

    package init(_ bytes: [UInt8], _ format: Format) {
        dataURI = "data:image/\(format.rawValue);base64,\(Data(bytes).base64EncodedString())"
    }
}
