// What comes from outside: text that a terminal would obey, and numbers that nobody means.

import EchoCore
import Foundation
import Testing

@Suite struct OutsideTests {
    @Test(arguments: [
        ("plain é 心", "plain é 心"), ("\u{1B}[31mred", "\u{FFFD}[31mred"),
        ("a\nb\tc\r", "a\u{FFFD}b\u{FFFD}c\u{FFFD}"),
        ("\u{9B}31m", "\u{FFFD}31m"), ("\u{202E}gpj.exe", "\u{FFFD}gpj.exe"), ("a\u{2028}b", "a\u{FFFD}b"),
        ("\u{7F}", "\u{FFFD}"), ("zero\u{200B}width", "zero\u{FFFD}width"),
    ])
    func `text that a terminal obeys is shown as what it is not`(text: String, shown: String) {
        #expect(printable(text) == shown)
        #expect(!EchoError(text, text, try: text).description.contains("\u{1B}"))
    }

    @Test func `an endless name is cut, whatever its characters are made of`() {
        let stacked = "e" + String(repeating: "\u{301}", count: 100_000)
        for text in [String(repeating: "x", count: 100_000), stacked] {
            #expect(brief(text).unicodeScalars.count == 81 && brief(text).hasSuffix("…"))
            #expect(EchoError(text, text, try: text).description.utf8.count < 20_000)
        }
        #expect(brief("short") == "short")
    }

    @Test func `lines stay lines, and JSON stays JSON`() throws {
        #expect(printed(text: "a\n\u{1B}b\n") == "a\n\u{FFFD}b\n")
        let json = try jsonText(["name": "a\u{9B}b\u{7F}"])
        #expect(!json.unicodeScalars.contains { (0x7F...0x9F).contains($0.value) })
        #expect(
            try JSONDecoder().decode([String: String].self, from: Data(json.utf8)) == [
                "name": "a\u{9B}b\u{7F}"
            ])
    }

    @Test(arguments: ["../escaped", "/etc", "a/b", ".hidden", "", "a\u{0}b", "a\nb"])
    func `a name that leads elsewhere is no name of a file`(name: String) {
        #expect(!isPlainName(name))
        #expect(isPlainName("I50") && isPlainName("shard-00000.safetensors"))
        #expect(isInside("p10/p100/x.dcm") && !isInside("../x") && !isInside("a/../../x") && !isInside("/x"))
    }

    @Test func `numbers are judged by the names under which they stand`() {
        for name in ["latent-depth", "latent_depth", "latentDepth"] {
            #expect(NumberRange.of(name).fault(257) == "is not from 0 to 256")
            #expect(NumberRange.of(name).fault(2) == nil)
        }
        #expect(NumberRange.of("ema").fault(1) == "is not at least 0 and below 1")
        #expect(NumberRange.of("guard-norm").fault(.infinity) == nil)
        for number in [Double.nan, .infinity, 0x1p62, -1] {
            #expect(NumberRange.of("views").fault(number) != nil)
        }
        #expect(NumberRange.of("of-nobody").fault(0x1p62) != nil)
        let object: [String: Any] = ["found": ["heads": [["scale": ["deviation": 0]]], "seed": 1e19]]
        #expect(
            NumberRange.fault(inJSON: object)
                == "found.heads.scale.deviation is not above 0 and at most 1,000,000,000,000")
    }

    @Test(arguments: ["80/10/5", "0.8/0.1/0.05", "70/20/20"])
    func `shares that nearly add up are not what was meant`(shares: String) {
        #expect(throws: EchoError.self) { try SplitRule(shares, seed: 1) }
        for right in ["80/10/10", "0.8/0.1/0.1", "8/1/1", "6652/223/239", "1/0/0"] {
            #expect(throws: Never.self) { try SplitRule(right, seed: 1) }
        }
    }
}
