import EchoCore
import Foundation
import Hospital
import Labels
import Testing
import TestSupport

@Suite struct HospitalTests {
    /// A hundredth of MIMIC-IV with every hard case: what comes out is what was planted, by every rule.
    @Test(arguments: StayWindow.Ends.allCases) func `every planted case comes out`(window: StayWindow.Ends)
        throws
    {
        try withTemporaryFolder { folder in
            var size = HospitalSize.full.divided(by: 100)
            size.hardCases = 3
            let planted = try writeHospital(to: folder.path, size: size, seed: 5)
            #expect(planted.cases.count == HardCase.allCases.count + 1)
            let linked = try SmallMIMIC.link(in: folder) { $0.window = StayWindow(window) }
            #expect(linked.summary.rejects.isEmpty)
            #expect(linked.summary.statuses == planted.statuses[window.rawValue])
            let candidates = try linked.rows("SELECT count(*) FROM study_admission")
            #expect(candidates == ["\(planted.candidates[window.rawValue] ?? 0)"])
            let diagnoses = try linked.rows(
                "SELECT icd_version, count(*) FROM diagnoses_icd GROUP BY 1 ORDER BY 1")
            #expect(
                diagnoses == planted.diagnoses.sorted { Int($0.key)! < Int($1.key)! }.map { "\($0)|\($1)" })
            #expect(try linked.rows("PRAGMA foreign_key_check").isEmpty)
            if window == .closed {
                let strict = try SmallMIMIC.link(in: folder) { $0.labels.strictCodes = true }
                #expect(
                    strict.summary.statuses["labelled"] == linked.summary.statuses["labelled"]!
                        - planted.retiredOnly)
            }
        }
    }

    @Test func `the same seed gives the same tables`() throws {
        try withTemporaryFolder { folder in
            let size = HospitalSize.full.divided(by: 300)
            for name in ["a", "b"] {
                _ = try writeHospital(to: folder.path + "/" + name, size: size, seed: 5)
            }
            for file in ["hosp/diagnoses_icd.csv.gz", "hosp/admissions.csv.gz", "echo/echo-record-list.csv"] {
                let bytes = try ["a", "b"].map {
                    try Data(contentsOf: folder.appendingPathComponent("\($0)/\(file)"))
                }
                #expect(bytes[0] == bytes[1])
            }
        }
    }
}
