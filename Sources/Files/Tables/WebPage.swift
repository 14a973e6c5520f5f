// What a download leaves behind when nobody was logged in: a web page under the name of a table.

package import EchoCore

/// Whether text is a web page: no table of ours begins with an angle bracket.
package func isWebPage(_ text: some Sequence<UInt8>) -> Bool {
    text.first { $0 > 0x20 && ![0xEF, 0xBB, 0xBF].contains($0) } == UInt8(ascii: "<")
}

/// The error of a file that is one.
package func webPage(_ path: String) -> EchoError {
    EchoError(
        path, "is a web page, not a table",
        try: "log in first (wget --user NAME --ask-password), then download it again")
}
