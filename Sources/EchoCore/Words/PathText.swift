// Paths as the keys of tables.

/// A path as file systems and SQLite compare it, by its bytes.
///
/// Swift's strings are equal where they mean the same: "é" is one scalar or two, and a folder may hold files of both names.
package struct PathText: Hashable, Sendable {
    private let text: String

    package init(_ path: String) { text = path }

    package static func == (a: PathText, b: PathText) -> Bool {
        a.text == b.text && a.text.utf8.elementsEqual(b.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
