// How far the work is: a bar on a terminal, a line every few seconds elsewhere, where the program shows it.

import Foundation
import Synchronization

/// Progress of one stage, with its rate and the time left.
///
/// It is shown nowhere until a program says where.
package final class Progress: Sendable {
    private let stage: String, unit: String, total: Int
    private let start = ContinuousClock.now
    private let display: Display?, isTerminal: Bool
    private let said = Mutex(Said())

    private struct Said {
        var last: ContinuousClock.Instant?
        /// Whether the terminal's cursor stands behind a line that is not ended.
        var isOpen = false
    }

    /// Where lines of progress go.
    package struct Display: Sendable {
        /// The columns of the terminal whose last line is written over; nil for what is no terminal.
        let columns: @Sendable () -> Int?
        let write: @Sendable (String) -> Void

        package init(columns: @escaping @Sendable () -> Int?, write: @escaping @Sendable (String) -> Void) {
            self.columns = columns
            self.write = write
        }

        package static let standardError = Display(
            columns: {
                guard isatty(2) != 0 else { return nil }
                var size = winsize()
                return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
            },
            write: Standard.note)
    }

    private static let display = Mutex<Display?>(nil)

    /// From now on stages that begin are shown there; nil for nowhere.
    package static func show(on display: Display?) { Progress.display.withLock { $0 = display } }

    /// - Parameters:
    ///   - stage: what is being done, as "ingest"
    ///   - total: how many units there are
    ///   - unit: the plural name of one, as "files"
    package init(_ stage: String, total: Int, unit: String) {
        self.stage = stage
        self.total = total
        self.unit = unit
        display = Progress.display.withLock { $0 }
        isTerminal = display?.columns() != nil
    }

    /// Says that `done` units are finished; cheap enough for every unit.
    package func update(_ done: Int, note: String = "") {
        guard let display else { return }
        let now = ContinuousClock.now
        let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
        let due = said.withLock { said in
            if let last = said.last, now - last < interval { return false }
            defer { said.last = now }
            return isTerminal || said.last != nil
        }
        if due { write(done, on: display, note: note, ending: isTerminal ? "" : "\n") }
    }

    /// A stage that was left in the middle ends its line, so that what is said next begins on its own.
    deinit { if said.withLock(\.isOpen) { display?.write("\n") } }

    /// Says that the stage is over, after `done` units.
    package func finish(_ done: Int, note: String = "") {
        if let display { write(done, on: display, note: note, ending: "\n", isLast: true) }
    }

    private func write(
        _ done: Int, on display: Display, note: String, ending: String, isLast: Bool = false
    ) {
        let elapsed = start.duration(to: .now) / .seconds(1)
        let rate = elapsed > 0 ? Double(done) / elapsed : 0
        let left = rate > 0 ? Double(max(0, total - done)) / rate : 0
        // What matters first, for terminals that cut the rest.
        var line = "\(stage) \(grouped(done)) of \(grouped(total)) \(unit)"
        line += done < total ? " · \(duration(left)) left" : " · \(duration(elapsed))"
        if !note.isEmpty { line += " · \(note)" }
        line += String(format: " · %.1f/s", rate)
        if isLast { Standard.record(line) }
        if let columns = display.columns() {
            // A line that is wider than the terminal could not be written over.
            line = "\r\u{1B}[2K" + Progress.fitted(line, share: share(done), columns: columns)
        }
        said.withLock { $0.isOpen = ending.isEmpty }
        display.write(line + ending)
    }

    private func share(_ done: Int) -> Double { total > 0 ? min(1, Double(done) / Double(total)) : 1 }

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
package func duration(_ seconds: Double) -> String {
    let s = Int(seconds.rounded())
    if s >= 3600 { return String(format: "%dh %02dm", s / 3600, s / 60 % 60) }
    return s >= 60 ? String(format: "%dm %02ds", s / 60, s % 60) : "\(s)s"
}

/// A whole number with commas between thousands, whatever the locale: 525,422.
package func grouped(_ number: Int) -> String {
    let digits = String(number.magnitude)
    var out = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { out.append(",") }
        out.append(digit)
    }
    return number < 0 ? "-\(out)" : out
}
