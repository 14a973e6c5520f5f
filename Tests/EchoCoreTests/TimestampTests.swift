import EchoCore
import Foundation
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        "2180-02-30 11:00:00", "2100-02-29 00:00:00", "2180-13-01 00:00:00", "2180-00-01 00:00:00",
        "2180-01-00 00:00:00",
        "2180-01-01 24:00:00", "2180-01-01 00:60:00", "2180-01-01 00:00:60", "2180-01-0",
        "2180-1-1 00:00:00",
        "2180-01-01 00:00:00 ", "218a-01-01 00:00:00", "2180/01/01 00:00:00", "", "+180-01-01 00:00:00",
        "2180-02-30", "01/02/2180", "1/2/2180 10:00", "2180-01-01 10:00:00 PM", "2180-01-01 10:00:00.",
        "2180-01-01 10:00:00.1x", "2180-01-01 10:00.5", "2180-01-01 10", "2180-01-01T", "2180-01-01Z",
        "2180-01-01T10:00:00+02:00", "2180-01-01 10:00:00 CET", "2180-01-01 10:00:0", "20800101T100000",
        "2180-01-01  10:00:00", "6627265380", "66272653800.0", "NaT", "2180-01-01 10:00:00\u{A0}",
    ]) func `a time that does not exist is none`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test(arguments: [
        "0000-01-01 00:00:00", "0000-02-29 12:34:56", "1969-12-31 23:59:59", "1970-01-01 00:00:00",
        "2000-02-29 23:59:59",
        "2196-02-24 14:38:00", "9999-12-31 23:59:59", "2180-05-06 22:23:00", "2100-02-28 23:59:59",
        "2104-02-29 00:00:00", "2199-12-31 12:00:01",
    ]) func `a time prints as it was read`(text: String) throws {
        #expect(try #require(Timestamp(text)).description == text)
        #expect(Timestamp(text.replacingOccurrences(of: " ", with: "T")) == Timestamp(text))
        #expect(Timestamp(text.replacing("-", with: "x")) == nil)
    }

    /// As pandas, polars, Spark, R, DuckDB and spreadsheets write them.
    @Test(arguments: [
        ("2180-05-06T22:23:00.000000", "2180-05-06 22:23:00"),
        ("2180-05-06 22:23:00.000", "2180-05-06 22:23:00"),
        ("2180-05-06T22:23:00Z", "2180-05-06 22:23:00"), ("2180-05-06T22:23:00.000Z", "2180-05-06 22:23:00"),
        ("2180-05-06 22:23:00 UTC", "2180-05-06 22:23:00"),
        ("2180-05-06 22:23:00+00:00", "2180-05-06 22:23:00"),
        ("2180-05-06T22:23:00.000000+0000", "2180-05-06 22:23:00"),
        ("2180-05-06 22:23", "2180-05-06 22:23:00"),
        ("2180-05-06T22:23Z", "2180-05-06 22:23:00"), ("2180-05-06", "2180-05-06 00:00:00"),
        ("1969-12-31 23:59:59.25", "1969-12-31 23:59:59.25"),
        ("2180-05-06 22:23:00.123456789", "2180-05-06 22:23:00.123456"),
        ("2180-05-06T22:23:00.5 UTC", "2180-05-06 22:23:00.5"),
    ]) func `other programs' spellings are read`(text: String, time: String) throws {
        #expect(try #require(Timestamp(text)).description == time)
        #expect(Timestamp(time) == Timestamp(text))
    }

    @Test func `fractions of a second count`() throws {
        let earlier = try #require(Timestamp("2180-05-06 22:23:00")),
            later = try #require(Timestamp("2180-05-06 22:23:00.5"))
        #expect(earlier < later && earlier.description < later.description)
        #expect(later.seconds(since: earlier) == 0.5 && later.seconds == earlier.seconds)
    }

    @Test func `a day of a year begins at midnight, and hours lead on from there`() {
        #expect(Timestamp(year: 2180, day: 59).description == "2180-02-29 00:00:00")
        #expect((Timestamp(year: 2180, day: 59) + 25.5).description == "2180-03-01 01:30:00")
        #expect((Timestamp(year: 2180, day: 0) + -0.25).description == "2179-12-31 23:45:00")
    }

    @Test(arguments: [UInt64(1), 2]) func `seconds are those of Foundation's calendar`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, "timestamps")
        let formatter = DateFormatter()
        formatter.calendar = Calendar(identifier: .iso8601)
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
        for _ in 0..<200 {
            let seconds = random.below(8_000_000_000)
            let text = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(Timestamp(text)?.seconds == seconds)
        }
    }
}
