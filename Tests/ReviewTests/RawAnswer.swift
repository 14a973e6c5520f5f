// HTTP without a client that knows better: the browser's driver leaves out spaces, and some requests are meant to be wrong.

import Foundation
import Testing

/// What this machine answers to one request.
struct RawAnswer {
    let status: Substring
    /// Lines of the head, in small letters.
    let headers: [String]
    let body: Data

    init(
        _ method: String, _ path: String, port: in_port_t, _ headers: [String: String],
        _ content: Data = Data()
    ) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let connection = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(connected == 0, "port \(port) does not answer")
        let all = headers.merging(["Content-Length": "\(content.count)"]) { own, _ in own }
        let head = all.map { "\($0): \($1)\r\n" }.joined()
        try connection.write(
            contentsOf: Data("\(method) \(path) HTTP/1.1\r\n\(head)\r\n".utf8) + content)
        var answer = Data()
        while true {
            if let end = answer.firstRange(of: Data("\r\n\r\n".utf8)) {
                let lines = String(decoding: answer[..<end.lowerBound], as: UTF8.self).split(
                    separator: "\r\n")
                let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
                if answer.count - end.upperBound >= (try #require(length)) {
                    status = try #require(lines.first?.split(separator: " ").dropFirst().first)
                    self.headers = lines.dropFirst().map { $0.lowercased() }
                    body = Data(answer[end.upperBound...])
                    return
                }
            }
            let more = connection.availableData
            try #require(!more.isEmpty, "port \(port) answers half")
            answer += more
        }
    }
}
