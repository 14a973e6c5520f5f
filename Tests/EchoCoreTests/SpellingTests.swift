import EchoCore
import Testing

@Suite struct SpellingTests {
    @Test(arguments: [
        ("55", 55.0), ("-0.5", -0.5), ("1e-05", 0.00001), ("+3.", 3), (".5", 0.5), ("0x37", nil),
        ("0x1p3", nil),
        ("nan", nil), ("inf", nil), ("-Infinity", nil), ("1e999", nil), ("5,5", nil), ("", nil), (" 5", nil),
        ("e", nil),
        ("1_000", nil), ("٥", nil),
    ]) func `a number is made of decimal digits`(text: String, value: Double?) {
        #expect(decimalNumber(text) == value)
    }

    @Test(arguments: [
        (0.55, false, 55.0), (1, false, 100), (0.55, true, 0.55), (1.5, false, 1.5), (0, false, 0),
        (-0.2, false, nil),
        (100, true, 100), (101, false, nil),
    ]) func `an ejection fraction up to 1 without a unit is a share`(
        value: Double, hasUnit: Bool, percent: Double?
    ) {
        #expect(ejectionFraction(value, hasUnit: hasUnit) == percent)
    }

    @Test(arguments: [
        ("train", Split.train), ("TRAIN", .train), ("val", .val), ("Valid", .val), ("validation", .val),
        ("dev", .val),
        ("tuning", .val), ("test", .test), ("held_out", .test), ("HELD_OUT", .test), ("0", nil), ("", nil),
        ("tests", nil),
    ]) func `splits go by several names`(name: String, split: Split?) {
        #expect(Split(named: name) == split)
    }

    @Test func `control characters of a file do not reach a terminal`() {
        let error = EchoError("a\u{1B}[2J", "b\u{7}\u{9B}c\nd", try: "é\u{0}")
        #expect(error.description == "a\u{FFFD}[2J: b\u{FFFD}\u{FFFD}c\u{FFFD}d\n  try: é\u{FFFD}")
    }
}
