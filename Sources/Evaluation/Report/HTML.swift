// Markup that cannot be injected into: only literals of this source are markup, every other text is escaped.

import EchoCore
import Foundation

/// A piece of a page.
///
/// Its literals are `StaticString`s, so no text that comes at run time can become markup: interpolating a `String`
/// escapes it, whatever it holds. Attribute values stand in double quotes.
///
///     let cell: HTML = "<td title=\"\(title)\">\(value, decimals: 3)</td>"
struct HTML: ExpressibleByStringInterpolation, Sendable {
    /// The markup. It parses as XML.
    private(set) var text = ""

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: StaticString) { text += literal.description }
        mutating func appendInterpolation(_ part: HTML) { text += part.text }
        mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { text += part.text } }
        mutating func appendInterpolation(_ value: String) { text += HTML.escaped(value) }
        /// With commas between thousands, for readers.
        mutating func appendInterpolation(_ value: Int) { text += grouped(value) }
        /// Digits alone, for attributes.
        mutating func appendInterpolation(plain value: Int) { text += value.description }
        mutating func appendInterpolation(_ value: Double, decimals: Int) { text += fixed(value, decimals) }
        mutating func appendInterpolation(_ image: EncodedImage) { text += image.dataURI }
    }

    init(stringLiteral value: StaticString) { text = value.description }
    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
    init() {}

    /// Text as it stands, escaped.
    init(_ plain: String) { text = HTML.escaped(plain) }

    /// Parts one after the other.
    init(_ parts: [HTML]) { text = parts.map(\.text).joined() }

    static func + (a: HTML, b: HTML) -> HTML { HTML([a, b]) }
    static func += (a: inout HTML, b: HTML) { a.text += b.text }

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
struct EncodedImage: Sendable, Equatable {
    enum Format: String { case png, jpeg }

    fileprivate let dataURI: String

    init(_ bytes: [UInt8], _ format: Format) {
        dataURI = "data:image/\(format.rawValue);base64,\(Data(bytes).base64EncodedString())"
    }
}
