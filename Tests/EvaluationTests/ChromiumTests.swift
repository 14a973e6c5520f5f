import Foundation
import TestSupport
import Testing

/// The browser, if it is installed.
private let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

@Suite(.enabled(if: chromium != nil, "Chromium is not installed")) struct ChromiumTests {
    /// The document after loading, and what the browser says about it.
    private func load(_ page: URL, width: Int, in folder: URL) throws -> (document: String, messages: String)
    {
        let files = ["document", "messages"].map { folder.appendingPathComponent($0) }
        for file in files { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(chromium))
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
            "--user-data-dir=\(folder.appendingPathComponent("profile").path)",
            "--window-size=\(width),800", "--timeout=10000", "--virtual-time-budget=3000",
            "--dump-dom", page.absoluteString,
        ]
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
        return (texts[0], texts[1])
    }

    private func makePage(in folder: URL) throws -> URL {
        let sample = try SampleDataset(at: folder.appendingPathComponent("dataset"))
        let predictions = folder.appendingPathComponent("model.csv")
        let report = folder.appendingPathComponent("report.html")
        try SampleDataset.writePredictions(to: predictions)
        let outcome = try Built.run(
            "evaluate", "--predictions", predictions.path, "--dataset", sample.path, "--report", report.path,
            "--bootstrap", "20", "--group", "shown=I50")
        #expect(outcome.status == 0, "\(outcome.errors)")
        return report
    }

    @Test func `the browser opens the page without a complaint`() throws {
        try withTemporaryFolder { folder in
            let found = try load(makePage(in: folder), width: 1280, in: folder)
            #expect(found.document.contains("</footer>"))
            #expect(!found.messages.contains("CONSOLE"), "\(found.messages)")
        }
    }

    /// The page forbids scripts; this looks at a copy that allows one, in a frame, for windows have a least width.
    @Test(arguments: [360, 390, 1280]) func `nothing sticks out of the page to the right`(width: Int) throws {
        try withTemporaryFolder { folder in
            let report = try makePage(in: folder), frame = folder.appendingPathComponent("frame.html")
            let probe = """
                <script>addEventListener("load", () => { const page = document.documentElement;
                parent.postMessage(`wide ${page.scrollWidth} of ${page.clientWidth}`, "*") })</script></body>
                """
            let copy = String(decoding: try Data(contentsOf: report), as: UTF8.self)
                .replacingOccurrences(of: "default-src 'none'", with: "default-src 'unsafe-inline'")
                .replacingOccurrences(of: "</body>", with: probe)
            try Data(copy.utf8).write(to: report)
            try Data(
                """
                <!DOCTYPE html><title></title><script>onmessage = event => document.title = event.data</script>
                <iframe src="report.html" width="\(width)" height="800" style="border:0"></iframe>
                """.utf8
            ).write(to: frame)
            let found = try load(frame, width: width, in: folder)
            #expect(found.document.contains("<title>wide \(width) of \(width)</title>"), "\(found.messages)")
        }
    }
}
