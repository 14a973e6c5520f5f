import EchoCore
import Foundation
import Labels
import Testing
import TestSupport

@Suite struct SplitTests {
    @Test(arguments: [UInt64(0), 1, 7]) func `shares are met and seeds differ`(seed: UInt64) throws {
        let rule = try SplitRule("60/20/20", seed: seed)
        var counts: [Split: Int] = [:]
        for subject in 0..<10_000 { counts[rule.split(of: 10_000_000 + subject), default: 0] += 1 }
        // Five standard deviations of a binomial around the share.
        #expect(abs(counts[.train, default: 0] - 6_000) < 245)
        #expect(abs(counts[.val, default: 0] - 2_000) < 200)
        let other = try SplitRule("60/20/20", seed: seed + 1)
        #expect((0..<100).contains { rule.split(of: $0) != other.split(of: $0) })
    }

    @Test func `a subject's split never changes between versions`() throws {
        let rule = try SplitRule("50/25/25", seed: 1)
        let splits = (10_000_000..<10_000_012).map { rule.split(of: $0).rawValue }
        #expect(
            splits.joined(separator: " ") == "test train train test test train test test val train val test")
    }

    @Test(arguments: ["", "1/1", "1/1/1/1", "0/1/1", "-1/1/1", "a/b/c", "nan/1/1", "inf/1/1", "90/ 5/5"])
    func `shares that are none are told`(shares: String) {
        #expect(
            throws: EchoError(
                "--split", "three shares are train/val/test, train above 0", try: "--split 93.5/3.2/3.3",
                isUsage: true)
        ) {
            try SplitRule(shares, seed: 1)
        }
    }

    @Test func `a split file decides for the subjects it names`() throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            for subject in 1...3 {
                mimic.add(
                    stay: 10 + subject, of: subject, from: "2150-01-01 00:00:00", to: "2150-01-02 00:00:00")
                mimic.add(codes: "I50", of: subject, stay: 10 + subject)
                mimic.add(study: 20 + subject, of: subject, at: "2150-01-01 12:00:00")
            }
            let file = folder.appendingPathComponent("splits.csv")
            try Data("split,subject_id\ntest,1\nval,2\ntrain,99\n".utf8).write(to: file)
            let linked = try mimic.link(in: folder) { $0.split.file = file.path }
            #expect(try linked.rows("SELECT * FROM split ORDER BY 1") == ["1|test", "2|val"])
            #expect(linked.summary.splits == ["test": 1, "val": 1, "none": 1])

            try Data("split,subject_id\ntest,1\nval,2\ntrain,1\n".utf8).write(to: file)
            #expect(
                throws: EchoError(
                    "splits.csv", "line 4: gives a subject a second split",
                    try: "keep one split for each subject")
            ) { try SmallMIMIC.link(in: folder) { $0.split.file = file.path } }
        }
    }
}
