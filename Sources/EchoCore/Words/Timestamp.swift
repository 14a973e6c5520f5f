// A time as MIMIC prints it. Dates are shifted by one offset per subject, so times compare within a subject only.

/// A moment of the proleptic Gregorian calendar, without a time zone.
package struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Microseconds since 1970-01-01 00:00:00.
    package let microseconds: Int

    package init(seconds: Int) { microseconds = seconds * 1_000_000 }

    /// Midnight at the beginning of a year's day, counted from 0.
    package init(year: Int, day: Int) {
        self.init(seconds: (Self.day(year: year, month: 1, day: 1) + day) * 86_400)
    }

    /// Reads "2180-05-06 22:23:00" and the other spellings of what programs write again: T between date and time, a
    /// fraction of seconds (to the microsecond), no seconds, Z, " UTC" or +00:00 behind it, or a date alone, which is
    /// its midnight. Nil for anything else, and where no such moment exists.
    package init?(_ text: String) {
        var text = text
        guard let microseconds = text.withUTF8(Self.microseconds) else { return nil }
        self.microseconds = microseconds
    }

    package static func < (a: Timestamp, b: Timestamp) -> Bool {
        a.microseconds < b.microseconds
    }

    /// Whole seconds since 1970-01-01 00:00:00.
    package var seconds: Int { Self.quotient(microseconds, 1_000_000) }

    /// The time so many hours later, to the second.
    package static func + (time: Timestamp, hours: Double) -> Timestamp {
        Timestamp(seconds: time.seconds + Int((hours * 3_600).rounded()))
    }

    /// Hours from `earlier` to this time; negative if it is later.
    package func hours(since earlier: Timestamp) -> Double {
        Double(microseconds - earlier.microseconds) / 3_600e6
    }

    /// Seconds from `earlier` to this time; negative if it is later.
    package func seconds(since earlier: Timestamp) -> Double {
        Double(microseconds - earlier.microseconds) / 1e6
    }

    /// As MIMIC prints it: 2180-05-06 22:23:00. A fraction of a second stands behind it where there is one.
    package var description: String { "\(date) \(clock)" }

    /// 2180-05-06
    package var date: String {
        let (year, month, day) = Self.date(ofDay: wholeDays)
        return "\(zeroPadded(year, 4))-\(two(month))-\(two(day))"
    }

    /// 22:23:00
    package var clock: String {
        let rest = seconds - wholeDays * 86_400
        let fraction = microseconds - seconds * 1_000_000
        let whole = "\(two(rest / 3_600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
        if fraction == 0 { return whole }
        var digits = String(fraction + 1_000_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }

    private var wholeDays: Int { Self.quotient(seconds, 86_400) }
    private func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// Rounded down.
    private static func quotient(_ value: Int, _ divisor: Int) -> Int {
        value / divisor - (value % divisor < 0 ? 1 : 0)
    }

    private static func microseconds(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        guard text.count >= 10, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            let year = number(text[0..<4]), let month = number(text[5..<7]), let day = number(text[8..<10]),
            (1...12).contains(month), day >= 1, day <= days(inMonth: month, of: year)
        else { return nil }
        let midnight = Self.day(year: year, month: month, day: day) * 86_400
        if text.count == 10 { return midnight * 1_000_000 }
        guard text.count >= 16, text[10] == UInt8(ascii: " ") || text[10] == UInt8(ascii: "T"),
            text[13] == UInt8(ascii: ":"), let hour = number(text[11..<13]),
            let minute = number(text[14..<16]),
            hour < 24, minute < 60
        else { return nil }
        var rest = text[16...], second = 0, fraction = 0
        if rest.first == UInt8(ascii: ":") {
            guard rest.count >= 3, let value = number(text[17..<19]), value < 60 else { return nil }
            second = value
            rest = text[19...]
            if rest.first == UInt8(ascii: ".") {
                let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
                if digits.isEmpty { return nil }
                var unit = 100_000
                for digit in digits.prefix(6) {
                    fraction += Int(digit - 0x30) * unit
                    unit /= 10
                }
                rest = text[digits.endIndex...]
            }
        }
        guard rest.isEmpty || zones.contains(where: { rest.elementsEqual($0.utf8) }) else { return nil }
        return (midnight + hour * 3_600 + minute * 60 + second) * 1_000_000 + fraction
    }

    /// What programs write behind a time that has no zone, when they take it for one of Greenwich.
    private static let zones = ["Z", " UTC", "+00:00", "+0000"]

    /// Decimal digits and nothing else.
    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        var value = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = 10 * value + Int(digit - 0x30)
        }
        return value
    }

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
