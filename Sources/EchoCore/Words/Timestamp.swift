// A time as MIMIC prints it. Dates are shifted by one offset per subject, so times compare within a subject only.

/// A second of the proleptic Gregorian calendar, without a time zone.
package struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Seconds since 1970-01-01 00:00:00.
    package let seconds: Int

    package init(seconds: Int) { self.seconds = seconds }

    /// Midnight at the beginning of a year's day, counted from 0.
    package init(year: Int, day: Int) { seconds = (Self.day(year: year, month: 1, day: 1) + day) * 86_400 }

    /// Reads "2180-05-06 22:23:00", also with a T between date and time; nil where no such second exists.
    package init?(_ text: String) {
        var fields = (year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0)
        var position = 0
        for byte in text.utf8 {
            switch (position, byte) {
            case (4, UInt8(ascii: "-")), (7, UInt8(ascii: "-")), (10, UInt8(ascii: " ")),
                (10, UInt8(ascii: "T")),
                (13, UInt8(ascii: ":")), (16, UInt8(ascii: ":")):
                break
            case (0...18, UInt8(ascii: "0")...UInt8(ascii: "9")):
                let digit = Int(byte - UInt8(ascii: "0"))
                switch position {
                case 0...3: fields.year = 10 * fields.year + digit
                case 5, 6: fields.month = 10 * fields.month + digit
                case 8, 9: fields.day = 10 * fields.day + digit
                case 11, 12: fields.hour = 10 * fields.hour + digit
                case 14, 15: fields.minute = 10 * fields.minute + digit
                case 17, 18: fields.second = 10 * fields.second + digit
                default: return nil
                }
            default: return nil
            }
            position += 1
        }
        guard position == 19, (1...12).contains(fields.month), fields.day >= 1,
            fields.day <= Self.days(inMonth: fields.month, of: fields.year), fields.hour < 24,
            fields.minute < 60,
            fields.second < 60
        else { return nil }
        let day = Self.day(year: fields.year, month: fields.month, day: fields.day)
        seconds = day * 86_400 + fields.hour * 3_600 + fields.minute * 60 + fields.second
    }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.seconds < b.seconds }

    /// The time so many hours later, to the second.
    package static func + (time: Timestamp, hours: Double) -> Timestamp {
        Timestamp(seconds: time.seconds + Int((hours * 3_600).rounded()))
    }

    /// Hours from `earlier` to this time; negative if it is later.
    package func hours(since earlier: Timestamp) -> Double { Double(seconds - earlier.seconds) / 3_600 }

    /// As MIMIC prints it: 2180-05-06 22:23:00.
    package var description: String { "\(date) \(clock)" }

    /// 2180-05-06
    package var date: String {
        let (year, month, day) = Self.date(ofDay: wholeDays)
        let digits = String(year)
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return "\(padded)-\(two(month))-\(two(day))"
    }

    /// 22:23:00
    package var clock: String {
        let rest = seconds - wholeDays * 86_400
        return "\(two(rest / 3_600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
    }

    private var wholeDays: Int { Int((Double(seconds) / 86_400).rounded(.down)) }
    private func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms"); years from 0.
    private static func day(year: Int, month: Int, day: Int) -> Int {
        // Years begin in March here, and are 400 on to stay positive.
        let shifted = month <= 2 ? year + 399 : year + 400
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return (era - 1) * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(ofDay days: Int) -> (year: Int, month: Int, day: Int) {
        let z = days + 719_468 + 146_097
        let era = z / 146_097
        let dayOfEra = z % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + (era - 1) * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
