// What EchoNet's lists say of their studies: ejection fractions and splits, kept as given.

import Catalog
import EchoCore
import Files
import Foundation
import Ingest
import Testing
import TestSupport

@Suite struct EchoNetTests {
    /// A list with one clip for each of its rows.
    private func write(_ rows: [String], header: String, to folder: String) throws {
        try makeFolder(folder + "/Videos")
        try writeFile(folder + "/FileList.csv", Array(([header] + rows).joined(separator: "\n").utf8))
        for (index, row) in rows.enumerated() {
            let name = row.prefix { $0 != "," }.split(separator: ".")[0]
            let seed = UInt64(index + 100 * folder.utf8.count)
            let clip = try TinySource.bytes(.bmode, seed: seed, height: 64, width: 64, frames: 3)
            try writeFile("\(folder)/Videos/\(name).avi", clip)
        }
    }

    private func ingested(_ source: String, _ dataset: String, testFold: Int = 0) throws -> Catalog {
        var options = IngestOptions(source: source, dataset: dataset)
        options.rules.size = 32
        options.jobs = 1
        options.testFold = testFold
        _ = try ingest(options)
        return try Catalog(datasetFolder: dataset, readOnly: true)
    }

    @Test func `EchoNet-Dynamic's splits are kept, and what is no ejection fraction is none`() throws {
        try withTemporaryFolder { folder in
            let rows = [
                "0X1A,55.25,9,TRAIN", "0X2B,61,9,VAL", "0X3C,,9,TEST", "0X4D,120,9,TEST", "0X5E,40,9,",
            ]
            try write(rows, header: "FileName,EF,ESV,Split", to: folder.path + "/dynamic")
            let catalog = try ingested(folder.path + "/dynamic", folder.path + "/data")
            #expect(
                try catalog.listedStudies() == [
                    ListedStudy(key: "0X1A", ejectionFraction: 55.25, listSplit: "TRAIN", split: .train),
                    ListedStudy(key: "0X2B", ejectionFraction: 61, listSplit: "VAL", split: .val),
                    ListedStudy(key: "0X3C", ejectionFraction: nil, listSplit: "TEST", split: .test),
                    ListedStudy(key: "0X4D", ejectionFraction: nil, listSplit: "TEST", split: .test),
                    ListedStudy(key: "0X5E", ejectionFraction: 40, listSplit: nil, split: nil),
                ])
            #expect(try catalog.ejectionFractions(in: .train) == ["0X1A": 55.25])
            #expect(try catalog.ejectionFractions(in: .test).isEmpty)
            #expect(try catalog.studies(in: .test).map(\.key) == ["0X3C", "0X4D"])
            #expect(try catalog.studies().count == 5)
        }
    }

    @Test func `EchoNet-Pediatric's folds are dealt out as asked, a patient with all its views`() throws {
        try withTemporaryFolder { folder in
            let source = folder.path + "/pediatric", dataset = folder.path + "/data"
            let header = "FileName,EF,Sex,Split"
            try write(["CR1-1-1.avi,60,F,0", "CR2-1-1.avi,50,M,1"], header: header, to: source + "/A4C")
            // The second patient's views disagree on the fold: the first view's counts.
            try write(
                ["CR1-2-1.avi,64,F,0", "CR2-2-1.avi,50,M,4", "CR3-2-1.avi,30,M,4"], header: header,
                to: source + "/PSAX")
            func splits(_ fold: Int) throws -> [Split?] {
                try ingested(source, dataset, testFold: fold).listedStudies().map(\.split)
            }
            #expect(try splits(0) == [.test, .val, .train])
            let catalog = try Catalog(datasetFolder: dataset, readOnly: true)
            #expect(try catalog.listedStudies().map(\.ejectionFraction) == [62, 50, 30])
            #expect(try catalog.listedStudies().map(\.listSplit) == ["0", "1", "4"])
            // The first fold follows the last; no clip is read again.
            let clips = try catalog.clips()
            #expect(try splits(4) == [.val, .train, .test])
            #expect(try catalog.clips() == clips)
            #expect(try catalog.lastRun(of: "ingest")?.rules["test-fold"] == "4")
            #expect(
                throws: EchoError(
                    "--test-fold", "the file list has no fold 2", try: "its folds are 0, 1, 4")
            ) { try splits(2) }
        }
    }

    @Test func `merged parts know what the list says`() throws {
        try withTemporaryFolder { folder in
            let dataset = folder.path + "/data"
            let rows = ["0X1A,55,TRAIN", "0X2B,61,VAL", "0X3C,30,TEST"]
            try write(rows, header: "FileName,EF,Split", to: folder.path + "/dynamic")
            for part in 1...2 {
                var options = IngestOptions(source: folder.path + "/dynamic", dataset: dataset)
                options.rules.size = 32
                options.part = (part, 2)
                _ = try ingest(options)
            }
            _ = try merge(dataset: dataset, commandLine: "")
            let catalog = try Catalog(datasetFolder: dataset, readOnly: true)
            #expect(try catalog.listedStudies().map(\.ejectionFraction) == [55, 61, 30])
            #expect(try catalog.studies(in: .val).map(\.key) == ["0X2B"])
        }
    }
}
