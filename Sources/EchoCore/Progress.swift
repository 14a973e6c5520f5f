// How far the work is: a bar on a terminal, a line every few seconds elsewhere, always on stderr.

import Foundation
import Synchronization

/// Progress of one stage, with its rate and the time left.
public final class Progress: Sendable {
    private let stage: String, unit: String, total: Int
    private let start = ContinuousClock.now
    private let terminal = isatty(2) != 0
    private let said = Mutex(Said())

    private struct Said {
        var last: ContinuousClock.Instant?
        /// Whether the terminal's cursor stands behind a line that is not ended.
        var isOpen = false
    }

    /// - Parameters:
    ///   - stage: what is being done, as "ingest"
    ///   - total: how many units there are
    ///   - unit: the plural name of one, as "files"
    public init(_ stage: String, total: Int, unit: String) {
        self.stage = stage
        self.total = total
        self.unit = unit
    }

    /// Says that `done` units are finished; cheap enough for every unit.
    public func update(_ done: Int, note: String = "") {
        let now = ContinuousClock.now
        let interval: Duration = terminal ? .milliseconds(100) : .seconds(5)
        let due = said.withLock { said in
            if let last = said.last, now - last < interval { return false }
            defer { said.last = now }
            return terminal || said.last != nil
        }
        if due { write(done, note: note, ending: terminal ? "" : "\n") }
    }

    /// A stage that was left in the middle ends its line, so that what is said next begins on its own.
    deinit { if said.withLock(\.isOpen) { FileHandle.standardError.write(Data("\n".utf8)) } }

    /// Says that the stage is over, after `done` units.
    public func finish(_ done: Int, note: String = "") { write(done, note: note, ending: "\n") }

    private func write(_ done: Int, note: String, ending: String) {
        let elapsed = start.duration(to: .now) / .seconds(1)
        let rate = elapsed > 0 ? Double(done) / elapsed : 0
        let left = rate > 0 ? Double(max(0, total - done)) / rate : 0
        var line = "\(stage) \(grouped(done)) of \(grouped(total)) \(unit)"
        line += String(format: " · %.1f/s", rate)
        line += done < total ? " · \(duration(left)) left" : " · \(duration(elapsed))"
        if !note.isEmpty { line += " · \(note)" }
        if terminal { line = "\r\u{1B}[2K" + Progress.fitted(line, share: share(done), columns: columns) }
        said.withLock { $0.isOpen = ending.isEmpty }
        FileHandle.standardError.write(Data((line + ending).utf8))
    }

    private func share(_ done: Int) -> Double { total > 0 ? min(1, Double(done) / Double(total)) : 1 }

    /// The terminal's width; a line that is wider could not be written over.
    private var columns: Int {
        var size = winsize()
        return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    /// A line with a bar before it where that has room, cut to fit before the last column.
    package static func fitted(_ line: String, share: Double, columns: Int) -> String {
        let width = 24
        guard line.count + width + 1 < columns else { return String(line.prefix(columns - 1)) }
        let filled = Int(Double(width) * share)
        return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
            + " \(line)"
    }
}

/// "1h 02m", "3m 20s" or "12s".
public func duration(_ seconds: Double) -> String {
    let s = Int(seconds.rounded())
    if s >= 3600 { return String(format: "%dh %02dm", s / 3600, s / 60 % 60) }
    return s >= 60 ? String(format: "%dm %02ds", s / 60, s % 60) : "\(s)s"
}

/// A whole number with commas between thousands, whatever the locale: 525,422.
public func grouped(_ number: Int) -> String {
    let digits = String(number.magnitude)
    var out = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { out.append(",") }
        out.append(digit)
    }
    return number < 0 ? "-\(out)" : out
}
