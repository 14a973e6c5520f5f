// A browser as a person has one before them, driven over the W3C WebDriver protocol.

import Foundation
import Testing

/// A window of headless Chromium, whose profile is empty and goes with it.
struct Browser: Sendable {
    static let driver = ["/usr/bin/chromedriver", "/usr/lib/chromium-browser/chromedriver"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
    static let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
    static var isInstalled: Bool { driver != nil && chromium != nil }

    /// The driver's port, and this window's path there.
    private let port: in_port_t
    private let path: String

    /// Calls `body` with a window and closes it afterwards.
    static func with(
        _ switches: String..., in folder: URL, _ body: (Browser) async throws -> Void
    ) async throws {
        let log = folder.appendingPathComponent("chromedriver-\(UUID().uuidString).log")
        try Data().write(to: log)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(driver))
        process.arguments = ["--port=0"]
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = FileHandle.nullDevice
        try process.run()
        // It does not hear a request to end: a child of this process has its signals blocked.
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let port = try await line(of: log, containing: "successfully on port ", by: process)
            .split(separator: " ").last.flatMap { in_port_t($0.filter(\.isNumber)) }
        let driver = Browser(port: try #require(port), path: "")
        let options: [String: Any] = [
            "binary": try #require(chromium),
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] + switches,
        ]
        let session = try await driver.send(
            "POST", "/session",
            [
                "capabilities": [
                    "alwaysMatch": [
                        "browserName": "chrome", "goog:chromeOptions": options,
                        "goog:loggingPrefs": ["browser": "ALL", "performance": "ALL"],
                    ] as [String: Any]
                ]
            ])
        let id = try #require((session as? [String: Any])?["sessionId"] as? String)
        let browser = Browser(port: driver.port, path: "/session/" + id)
        do {
            try await body(browser)
        } catch {
            _ = try? await browser.send("DELETE", "")
            throw error
        }
        _ = try await browser.send("DELETE", "")
    }

    func open(_ url: String) async throws { _ = try await send("POST", "/url", ["url": url]) }

    /// The window's inner size.
    func resize(_ width: Int, _ height: Int, scale: Double = 1) async throws {
        try await tell(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": scale, "mobile": false])
    }

    /// A command of Chromium's own protocol.
    func tell(_ command: String, _ parameters: [String: Any]) async throws {
        _ = try await send("POST", "/goog/cdp/execute", ["cmd": command, "params": parameters])
    }

    /// What a script returns, which may wait; `$` finds an element.
    func run<Answer: Decodable>(_ script: String, as type: Answer.Type = Answer.self) async throws -> Answer {
        let waits = """
            const $ = (one) => document.querySelector(one);
            return (async () => JSON.stringify([await (async () => { \(script) })() ?? null]))();
            """
        let answer = try await send("POST", "/execute/sync", ["script": waits, "args": [String]()])
        let text = try #require(answer as? String)
        return try #require(try JSONDecoder().decode([Answer].self, from: Data(text.utf8)).first)
    }

    func run(_ script: String) async throws { _ = try await run(script + "; return 0", as: Int.self) }

    /// Waits until an expression is true: a minute at most, since all other tests are at work too.
    func wait(
        _ expression: String, seconds: Double = 60, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let until = Date(timeIntervalSinceNow: seconds)
        while true {
            let isLast = Date() > until
            if try await run("return Boolean(\(expression))", as: Bool.self) { return }
            if isLast { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        let seen = try await run(
            "return document.body.innerText.replace(/\\s+/g, ' ').slice(0, 400)", as: String.self)
        Issue.record("waited in vain for \(expression): \(seen)", sourceLocation: sourceLocation)
    }

    /// Keys by their names, one after the other: `k`, `ArrowLeft`, `Shift+z`.
    func press(_ keys: String...) async throws { try await press(keys) }

    func press(_ keys: [String]) async throws {
        let actions = keys.flatMap { key -> [[String: String]] in
            let parts = key.count > 1 ? key.split(separator: "+").map(String.init) : [key]
            let codes = parts.map { Self.codes[$0] ?? $0 }
            return codes.map { ["type": "keyDown", "value": $0] }
                + codes.reversed().map { ["type": "keyUp", "value": $0] }
        }
        let source: [String: Any] = ["type": "key", "id": "keys", "actions": actions]
        _ = try await send("POST", "/actions", ["actions": [source]])
    }

    private static let codes = [
        "ArrowLeft": "\u{E012}", "ArrowUp": "\u{E013}", "ArrowRight": "\u{E014}", "ArrowDown": "\u{E015}",
        "Shift": "\u{E008}", "Enter": "\u{E007}", "Escape": "\u{E00C}", "Tab": "\u{E004}", "Space": " ",
        "PageDown": "\u{E00F}", "PageUp": "\u{E00E}", "Home": "\u{E011}", "End": "\u{E010}",
    ]

    /// The window of a phone, which fingers touch.
    func becomePhone() async throws {
        try await resize(360, 780)
        try await tell("Emulation.setTouchEmulationEnabled", ["enabled": true, "maxTouchPoints": 1])
    }

    /// A finger on the middle of an element, and off again where it was.
    func tap(_ element: String) async throws { try await swipe(element, across: 0, down: 0) }

    /// A finger on the middle of an element, and off again so many pixels away.
    func swipe(_ element: String, across: Int, down: Int) async throws {
        let middle = try await run(
            """
            const element = $(`\(element)`), sight = { block: "end", inline: "nearest" };
            if (!element.matches("#stage, #sheet, .tile")) element.scrollIntoView(sight);
            const { x, y, width, height } = element.getBoundingClientRect();
            return [Math.round(x + width / 2), Math.round(y + height / 2)];
            """, as: [Int].self)
        func move(_ part: Int) -> [String: Any] {
            [
                "type": "pointerMove", "duration": part == 0 ? 0 : 16, "x": middle[0] + across * part / 5,
                "y": middle[1] + down * part / 5,
            ]
        }
        let moves = across == 0 && down == 0 ? [] : (1...5).map(move)
        let actions =
            [move(0), ["type": "pointerDown", "button": 0]] + moves + [["type": "pointerUp", "button": 0]]
        let source: [String: Any] = [
            "type": "pointer", "id": "finger", "parameters": ["pointerType": "touch"], "actions": actions,
        ]
        _ = try await send("POST", "/actions", ["actions": [source]])
    }

    /// What was written to the console since it was last asked for.
    func messages() async throws -> [String] {
        try await log("browser").compactMap { $0["message"] as? String }
    }

    /// The addresses that were asked for since the last time.
    func requests() async throws -> [String] {
        try await log("performance").compactMap { entry in
            guard let text = entry["message"] as? String,
                let outer = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
                let message = outer["message"] as? [String: Any],
                message["method"] as? String == "Network.requestWillBeSent",
                let request = (message["params"] as? [String: Any])?["request"] as? [String: Any]
            else { return nil }
            return request["url"] as? String
        }
    }

    /// The window as a PNG.
    func picture() async throws -> Data {
        let text = try #require(try await send("GET", "/screenshot") as? String)
        return try #require(Data(base64Encoded: text))
    }

    private func log(_ type: String) async throws -> [[String: Any]] {
        try #require(try await send("POST", "/se/log", ["type": type]) as? [[String: Any]])
    }

    private func send(_ method: String, _ path: String, _ body: [String: Any]? = nil) async throws -> Any {
        let content = try body.map { try JSONSerialization.data(withJSONObject: $0) } ?? Data()
        let answer = try RawAnswer(
            method, self.path + path, port: port,
            ["Host": "127.0.0.1:\(port)", "Content-Type": "application/json"], content)
        let value =
            (try JSONSerialization.jsonObject(with: answer.body) as? [String: Any])?["value"] ?? NSNull()
        try #require(answer.status == "200", "\(path): \(value)")
        return value
    }
}

/// The first line of a program's output that holds `text`, as soon as it is there.
func line(of file: URL, containing text: String, by process: Process) async throws -> String {
    // Where all other tests begin at the same time, a program may be slow to, and this task too.
    let until = Date(timeIntervalSinceNow: 180)
    while true {
        let isLast = !process.isRunning || Date() > until
        let said = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        if let line = said.split(separator: "\n").first(where: { $0.contains(text) }) {
            return String(line)
        }
        try #require(!isLast, "\(text) is never said: \(said)")
        try await Task.sleep(for: .milliseconds(20))
    }
}
