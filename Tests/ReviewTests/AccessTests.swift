// Who may ask the server of the page, and who may not.

import Foundation
import Testing

struct AccessTests {
    @Test func `a foreign name, a missing token and another page are refused`() async throws {
        try await Served.with { served in
            let address = try #require(URL(string: served.url)), port = in_port_t(try #require(address.port))
            let own = "127.0.0.1:\(port)", token = String(served.url.split(separator: "=")[1])
            let body = Data(
                #"{"decisions": [{"request": "1", "place": 0, "field": "view", "value": "A4C"}]}"#.utf8)
            func ask(_ method: String, _ path: String, _ headers: [String: String]) throws -> Substring {
                let answer = try RawAnswer(
                    method, path, port: port, ["Host": own].merging(headers) { $1 },
                    method == "POST" ? body : Data())
                #expect(
                    answer.headers.contains { $0.hasPrefix("content-security-policy: default-src 'none'") })
                if answer.status != "200" {
                    #expect(!String(decoding: answer.body, as: UTF8.self).contains(token))
                }
                return answer.status
            }
            let known = ["Authorization": "Bearer \(token)"]
            func with(_ name: String, _ value: String) -> [String: String] {
                known.merging([name: value]) { $1 }
            }
            let asked: [(String, [String: String], Substring)] = [
                ("/", [:], "200"), ("/app.js", [:], "200"), ("/passwd.js", [:], "404"),
                ("/", ["Host": "elsewhere.example:\(port)"], "421"),
                ("/api/session", known, "200"), ("/api/session", [:], "401"),
                ("/api/session", with("Authorization", "Bearer \(token.dropLast())g"), "401"),
                ("/api/session", with("Host", "elsewhere.example"), "421"),
                ("/api/session", with("Host", "localhost:\(port)"), "200"),
                ("/api/session", with("Origin", "http://\(own)"), "200"),
                ("/api/session", with("Origin", "http://elsewhere.example"), "403"),
                ("/api/session", with("Origin", "null"), "403"),
                ("/api/session", with("Sec-Fetch-Site", "cross-site"), "403"),
                ("/api/session", with("Sec-Fetch-Site", "same-site"), "403"),
                ("/api/clip/0/facts", [:], "401"), ("/api/clip/0/frames", [:], "401"),
                ("/api/sheet/0", [:], "401"), ("/api/clip/0/source/0", [:], "401"),
            ]
            for (path, headers, status) in asked {
                #expect(try ask("GET", path, headers) == status, "\(path) \(headers.keys.sorted())")
            }
            for path in ["/api/decisions", "/api/undo", "/api/redo", "/api/reveal"] {
                #expect(try ask("POST", path, [:]) == "401")
                #expect(try ask("POST", path, with("Origin", "http://elsewhere.example")) == "403")
                #expect(try ask("POST", path, with("Host", "elsewhere.example")) == "421")
            }
            #expect(try served.stored("SELECT count(*) FROM decision") == [0])
            #expect(try ask("POST", "/api/decisions", with("Origin", "http://\(own)")) == "200")
            #expect(try served.stored("SELECT count(*) FROM decision") == [1])
        }
    }
}
