// A report's page as a parser sees it: its elements, and what each refers to.

import Foundation
import FoundationXML
import Testing

/// The elements of a page that parses as XML.
final class Page: NSObject, XMLParserDelegate {
    struct Element {
        let name: String
        let attributes: [String: String]
        /// Names of the elements around it, the outermost first.
        let path: [String]
    }

    let source: String
    private(set) var elements: [Element] = []
    private(set) var text = ""
    private var open: [String] = []

    init(_ file: URL) throws {
        source = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        super.init()
        let parser = XMLParser(data: Data(source.utf8))
        parser.delegate = self
        guard parser.parse() else {
            throw try #require(parser.parserError, "the page parses as XML, line \(parser.lineNumber)")
        }
    }

    func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }

    /// What would reach out of the page.
    var references: [String] {
        elements.flatMap { element in
            ["src", "href", "srcset", "action", "data", "xlink:href"].compactMap { element.attributes[$0] }
        }.filter { !$0.hasPrefix("data:image/") && !$0.hasPrefix("#") }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        elements.append(Element(name: name, attributes: attributes, path: open))
        open.append(name)
    }

    func parser(
        _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) {
        open.removeLast()
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}
