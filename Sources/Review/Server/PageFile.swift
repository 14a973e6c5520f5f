// The parts of the page, which the program carries inside itself.

private import CPage
import EchoCore
import Hummingbird

/// A file of Sources/Review/Page.
enum PageFile {
    /// - Throws: an error of status 404 for a name that is none of them
    static func answer(_ name: String) throws -> Response {
        for index in 0..<Int(echoprep_page_count) {
            let file = echoprep_page[index]
            guard String(cString: file.name) == name else { continue }
            let kind = kinds[String(name.split(separator: ".").last ?? "")] ?? "application/octet-stream"
            return .bytes(UnsafeRawBufferPointer(start: file.bytes, count: file.count), kind)
        }
        return .problem(.notFound, EchoError("page", "there is no such file"))
    }

    private static let kinds = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
    ]
}
