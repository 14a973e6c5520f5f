import Foundation
import Testing
import TestSupport

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

    /// The pages that echoprep writes.
    enum Kind: CaseIterable {
        case predictions, run, ejectionFraction, experiment

        fileprivate func make(in folder: URL) throws -> URL {
            func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
            func echoprep(_ arguments: String...) throws {
                let outcome = try Built.run(arguments)
                #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
            }
            func train(_ name: String, _ arguments: String...) throws {
                let outcome = try Built.run(
                    ["train", "--dataset", path("dataset"), "--run", path(name), "--preset", "tiny"]
                        + ["--views", "2", "--frames", "2", "--epochs", "2"] + arguments)
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            switch self {
            case .predictions:
                let sample = try SampleDataset(at: folder.appendingPathComponent("dataset"))
                try SampleDataset.writePredictions(to: folder.appendingPathComponent("model.csv"))
                try echoprep(
                    "evaluate", "--predictions", path("model.csv"), "--dataset", sample.path, "--report",
                    path("report.html"), "--bootstrap", "20", "--group", "shown=I50")
            case .run:
                _ = try SampleDataset(at: folder.appendingPathComponent("dataset"))
                try train("pretrain", "--task", "pretrain", "--pictures-every", "1")
                try train("icd", "--task", "icd", "--init", path("pretrain"))
                try echoprep("evaluate", path("icd"), "--bootstrap", "20", "--report", path("report.html"))
            case .ejectionFraction:
                try echoprep(
                    "phantom", path("phantom"), "--studies", "60", "--frames", "8", "--layout",
                    "echonet-dynamic")
                try echoprep("ingest", path("phantom/echonet-dynamic"), "--dataset", path("dataset"))
                try train("lvef", "--task", "lvef")
                try echoprep("evaluate", path("lvef"), "--bootstrap", "20", "--report", path("report.html"))
            case .experiment:
                let sample = try SampleDataset(at: folder.appendingPathComponent("dataset"))
                try echoprep(
                    "experiment", "table1", "--dataset", sample.path, "--out", folder.path, "--preset",
                    "tiny", "--views", "1", "--frames", "2", "--epochs", "1", "--pretrain-epochs", "1",
                    "--seeds", "1,2", "--models", "mae,lamae", "--bootstrap", "20")
                return folder.appendingPathComponent("table1.html")
            }
            return folder.appendingPathComponent("report.html")
        }
    }

    /// The page forbids scripts; this looks at a copy that allows one, in a frame, for windows have a least width.
    @Test(arguments: Kind.allCases) func `nothing sticks out of the page to the right`(_ kind: Kind) throws {
        try withTemporaryFolder { folder in
            let report = try kind.make(in: folder), frame = folder.appendingPathComponent("frame.html")
            let probe = """
                <script>addEventListener("load", () => { const page = document.documentElement;
                parent.postMessage(`wide ${page.scrollWidth} of ${page.clientWidth}`, "*") })</script></body>
                """
            let copy = String(decoding: try Data(contentsOf: report), as: UTF8.self)
                .replacingOccurrences(of: "default-src 'none'", with: "default-src 'unsafe-inline'")
                .replacingOccurrences(of: "</body>", with: probe)
            try Data(copy.utf8).write(to: report)
            for width in [360, 390, 1280] {
                try Data(
                    """
                    <!DOCTYPE html><title></title><script>onmessage = event => document.title = event.data</script>
                    <iframe src="\(report.lastPathComponent)" width="\(width)" height="800" style="border:0"></iframe>
                    """.utf8
                ).write(to: frame)
                let found = try load(frame, width: width, in: folder)
                #expect(
                    found.document.contains("<title>wide \(width) of \(width)</title>"), "\(found.messages)")
            }
        }
    }
}
