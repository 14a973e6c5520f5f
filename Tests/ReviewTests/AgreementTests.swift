// How far raters agree, held to scikit-learn's kappa and to a plain computation of alpha (Tests/Oracles/review.py).

import EchoCore
import Foundation
import Review
import TestSupport
import Testing

struct AgreementTests {
    /// Three raters of 40 clips, the third of four in five of them; the digits are drawn by Python.
    @Test(arguments: [1, 2])
    func `kappa and alpha are those of others`(seed: Int) throws {
        let said =
            seed == 1
            ? [
                "0201011121001011202112020100022012012020", "1201112021002022201211010120022112022020",
                "0202022120201221102112020100022010012021",
            ]
            : [
                "0001022112020220121221212100111112020000", "0001021211121222122221221122111212021021",
                "0001200002020220121202102102111122020001",
            ]
        let figures =
            seed == 1
            ? (0.4771241830065359, 0.6936936936936937, 0.4644149577804584, 0.6487663906142167)
            : (0.44134078212290495, 0.4767441860465116, 0.4250782943868947, 0.45023544254658376)
        try withTemporaryFolder { folder in
            let file = try DecidedFile(in: folder.path)
            for (rater, digits) in zip(["a", "b", "c"], said) {
                for (item, digit) in digits.enumerated() where rater != "c" || item % 5 != 0 {
                    let place = try #require(digit.wholeNumberValue)
                    try file.decide(rater, "quality", ["poor", "fair", "good"][place], of: "s/\(item)")
                }
            }
            let store = try ReviewStore(dataset: folder.path, readOnly: true)
            let found = try AgreementSummary(store, subjects: [:], samples: 50)
            let quality = try #require(found.fields.first { $0.field == "quality" })
            let pair = try #require(quality.pairs.first { $0.raters == ["a", "b"] })
            #expect(pair.items == 40 && quality.pairs.count == 3)
            #expect(abs(try #require(pair.kappa) - figures.0) < 1e-12)
            #expect(abs(try #require(pair.weighted) - figures.1) < 1e-12)
            #expect(abs(try #require(quality.alpha) - figures.3) < 1e-12)
            let (low, high) = (try #require(pair.low), try #require(pair.high))
            #expect(low < figures.0 && figures.0 < high)
        }
    }

    @Test func `a rater's rounds are a pair, an adjudicator is none, and settles what is open`() throws {
        try withTemporaryFolder { folder in
            let file = try DecidedFile(in: folder.path)
            for (clip, first, second) in [("1", "PLAX", "PLAX"), ("2", "A4C", "PLAX"), ("3", "A4C", "A4C")] {
                try file.decide("a", "view", first, of: clip)
                try file.decide("b", "view", second, of: clip)
                try file.decide("a", "view", second, of: clip, round: 2)
            }
            try file.decide("a", "view", "A4C", of: "4")
            try file.decide("b", "view", "PLAX", of: "4")
            func view() throws -> AgreementSummary.Field {
                let store = try ReviewStore(dataset: folder.path, readOnly: true)
                return try #require(
                    AgreementSummary(store, subjects: [:], samples: 0).fields.first { $0.field == "view" })
            }
            // The last round of a is b's word but for the fourth clip.
            #expect(try view().disagreements == 1 && view().open == 1 && view().items == 4)
            let own = try #require(view().pairs.first { $0.raters == ["a", "a"] })
            #expect(own.rounds == [1, 2] && own.items == 3 && own.agreement == 2.0 / 3)
            #expect(own.low == nil)
            try file.decide("chief", "view", "A4C", of: "4", role: "adjudicator")
            #expect(try view().disagreements == 1 && view().open == 0)
            #expect(try !view().pairs.contains { $0.raters.contains("chief") })
        }
    }
}
