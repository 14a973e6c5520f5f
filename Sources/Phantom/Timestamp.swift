// Dates of MIMIC's shifted centuries, as whole seconds, without time zones.

/// A moment in seconds since the beginning of 1970.
package struct Timestamp: Sendable, Comparable, Hashable {
    package var seconds: Int

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.seconds < b.seconds }
    static func + (a: Timestamp, hours: Double) -> Timestamp {
        Timestamp(seconds: a.seconds + Int((hours * 3600).rounded()))
    }

    init(seconds: Int) { self.seconds = seconds }

    /// Midnight at the beginning of a year's day, counted from 0.
    package init(year: Int, day: Int) { seconds = (Timestamp.days(year, 1, 1) + day) * 86400 }

    /// Reads "2180-05-06 22:23:00"; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(whereSeparator: { "- :".contains($0) }).compactMap { Int($0) }
        guard parts.count == 6, (1...12).contains(parts[1]), (1...31).contains(parts[2]) else { return nil }
        seconds =
            Timestamp.days(parts[0], parts[1], parts[2]) * 86400 + parts[3] * 3600 + parts[4] * 60 + parts[5]
    }

    /// Days from 1970-01-01 (Hinnant's days_from_civil).
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = y / 400, yearOfEra = y % 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468
    }

    private var civil: (year: Int, month: Int, day: Int) {
        let z = seconds / 86400 + 719468
        let era = z / 146097, dayOfEra = z % 146097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let m = (5 * dayOfYear + 2) / 153
        let month = m < 10 ? m + 3 : m - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * m + 2) / 5 + 1)
    }

    var year: Int { civil.year }
    /// 2180-05-06
    var date: String { "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.day, 2))" }
    private var clock: (Int, Int, Int) { (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) }
    /// 2180-05-06 22:23:00
    package var text: String { "\(date) \(padded(clock.0, 2)):\(padded(clock.1, 2)):\(padded(clock.2, 2))" }
    /// 21800506, as DICOM has it.
    var dicomDate: String { "\(padded(civil.year, 4))\(padded(civil.month, 2))\(padded(civil.day, 2))" }
    /// 222300
    var dicomTime: String { "\(padded(clock.0, 2))\(padded(clock.1, 2))\(padded(clock.2, 2))" }
}

/// A number with leading zeros.
func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
