import EchoCore
import Files
import Foundation
import Labels
import Testing
import TestSupport

/// The hosp folder of the MIMIC-IV demo: $MIMIC_IV_DEMO, or shared/data beside the repository or above it.
private let demo: String? = {
    var folders = ProcessInfo.processInfo.environment["MIMIC_IV_DEMO"].map { [$0] } ?? []
    var folder = Built.repository
    while folder.path != "/" {
        folder.deleteLastPathComponent()
        folders.append(folder.path + "/shared/data/mimic-iv-demo/hosp")
    }
    return folders.first { FileManager.default.fileExists(atPath: $0 + "/admissions.csv.gz") }
}()

@Suite(.enabled(if: demo != nil, "the MIMIC-IV demo is not at hand"))
struct DemoTests {
    /// A study in the middle of every real stay has that stay's ICD-10 categories.
    @Test func `studies in real stays get the stays' codes`() throws {
        let hosp = try #require(demo)
        var times: [Int: (subject: Int, begin: Timestamp, end: Timestamp)] = [:]
        try CSVReader(hosp + "/admissions.csv.gz").forEachRow([
            "hadm_id", "subject_id", "admittime", "dischtime",
        ]) {
            let begin = try #require(Timestamp($0.text(2))), end = try #require(Timestamp($0.text(3)))
            times[Int($0.integer(0)!)] = (Int($0.integer(1)!), begin, end)
        }
        var categories: [Int: Set<String>] = [:]
        try CSVReader(hosp + "/diagnoses_icd.csv.gz").forEachRow(["hadm_id", "icd_code", "icd_version"]) {
            if $0.integer(2) == 10 {
                categories[Int($0.integer(0)!), default: []].insert(String($0.text(1).prefix(3)))
            }
        }
        var mimic = SmallMIMIC()
        for (hadm, stay) in times.sorted(by: { $0.key < $1.key }) {
            let middle = Timestamp(seconds: (stay.begin.seconds + stay.end.seconds) / 2)
            mimic.add(study: hadm, of: stay.subject, at: middle.description)
        }
        try withTemporaryFolder { folder in
            try mimic.write(to: folder)
            let hospFolder = folder.path + "/hosp"
            try FileManager.default.removeItem(atPath: hospFolder)
            try FileManager.default.createSymbolicLink(atPath: hospFolder, withDestinationPath: hosp)
            let linked = try SmallMIMIC.link(in: folder)
            #expect(linked.summary.studies == 275)
            let chosen = try linked.rows(
                "SELECT hadm_id FROM study_admission WHERE chosen = 1 AND study_id = hadm_id")
            #expect(chosen.count == 275)
            let expected = categories.values.reduce(0) { $0 + $1.count }
            #expect(try linked.rows("SELECT count(*) FROM study_category") == ["\(expected)"])
            for (hadm, own) in categories {
                let found = try linked.rows("SELECT category FROM study_category WHERE study_id = \(hadm)")
                #expect(found == own.sorted())
            }
        }
    }
}
