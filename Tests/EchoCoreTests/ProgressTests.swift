import EchoCore
import Synchronization
import Testing

@Suite struct ProgressTests {
    @Test func `a line of progress never reaches the last column`() {
        let line = String(repeating: "·", count: 60)
        #expect(
            Progress.fitted(line, share: 0.5, columns: 100) == String(repeating: "█", count: 12)
                + String(repeating: "░", count: 12) + " " + line)
        #expect(Progress.fitted(line, share: 0.5, columns: 86).count == 85)
        #expect(Progress.fitted(line, share: 0.5, columns: 85) == line)
        #expect(Progress.fitted(line, share: 0.5, columns: 40).count == 39)
    }

    @Test(arguments: [nil, 60]) func `a stage is shown where the program says and ends its line`(
        columns: Int?
    ) {
        final class Screen: Sendable { let text = Mutex("") }
        let screen = Screen()
        Progress.show(
            on: Progress.Display(
                columns: { columns }, write: { line in screen.text.withLock { $0 += line } }))
        do {
            let left = Progress("ingest", total: 4, unit: "files")
            left.update(1)
        }
        // Elsewhere than on a terminal the first line comes after five seconds.
        #expect(screen.text.withLock { $0.isEmpty } == (columns == nil))
        Progress("ingest", total: 4, unit: "files").finish(4, note: "done")
        let lines = screen.text.withLock { $0 }.split(separator: "\n")
        #expect(lines.count == (columns == nil ? 1 : 2))
        #expect(lines.last?.contains("ingest 4 of 4 files") == true)
    }
}
