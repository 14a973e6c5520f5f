import EchoCore
import Files
import Foundation
import Testing
import TestSupport

@Suite struct SumListTests {
    @Test func `two names that are one text in other bytes have a sum each`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("SHA256SUMS.txt").path
            let names = ["cafe\u{301}.dcm", "caf\u{E9}.dcm"], digits = ["a", "b"]
            let lines = zip(digits, names).map { String(repeating: $0, count: 64) + "  ./" + $1 + "\n" }
            try writeFile(path, Array(lines.joined().utf8))
            let sums = try #require(try publishedSums(inList: path))
            #expect(sums.count == 2)
            for (digit, name) in zip(digits, names) { #expect(sums[PathText(name)]?.first == digit.first) }
            #expect(try publishedSums(inList: path + ".other") == nil)
        }
    }
}
