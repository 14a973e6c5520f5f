import EchoCore
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
}
