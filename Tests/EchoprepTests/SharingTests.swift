// What may be shown to outsiders holds nothing that says of whom it is.

import Foundation
import TestSupport
import Testing

@Suite struct SharingTests {
    private func run(_ arguments: String, in folder: URL) throws -> Outcome {
        let outcome = try Built.run(arguments.split(separator: " ").map(String.init), in: folder)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return outcome
    }

    @Test func `nothing that was planted in files, tables and paths comes out of what is shared`() throws {
        try withTemporaryFolder { folder in
            let planted = try Planted(folder, studies: 60)
            let place = Planted.mark
            _ = try run("ingest \(place)-source/mimic-iv-echo --dataset \(place)-data --size 32", in: folder)
            _ = try run(
                "link-icd --dataset \(place)-data --mimic-iv \(place)-source/mimiciv/hosp --split 30/10/60 --top 8",
                in: folder)
            let step = "--dataset \(place)-data --preset tiny --frames 2 --views 2 --epochs 1 --threads 1"
            for seed in 1...2 {
                _ = try run("train --run \(place)-run-\(seed) --task icd --seed \(seed) \(step)", in: folder)
            }
            let evaluate = "evaluate \(place)-run-1 --bootstrap 20 --threads 1 --where study_id>0"
            _ = try run("\(evaluate) --show-ids --share shared/one", in: folder)
            _ = try run("\(evaluate) \(place)-run-2 --report compared.html --share shared/two", in: folder)
            let answers = "\(place)-run-1/evaluation/\(try judged(folder))/predictions.csv"
            _ = try run("evaluate --predictions \(answers) --share shared/file", in: folder)
            for format in ["npy", "webdataset"] {
                _ = try run(
                    "export clips \(place)-data shared/\(format) --format \(format) --share", in: folder)
            }
            for format in ["csv", "parquet"] {
                _ = try run(
                    "export labels shared/labels.\(format) --dataset \(place)-data --format \(format) --share",
                    in: folder)
            }
            _ = try run("export croissant --dataset \(place)-data --share", in: folder)
            let shared = folder.appendingPathComponent("shared")
            try FileManager.default.moveItem(
                at: folder.appendingPathComponent("\(place)-data/croissant-shared.json"),
                to: shared.appendingPathComponent("croissant.json"))
            #expect(try planted.found(in: shared) == [])

            // What is looked for is found where it may stand.
            let own = folder.appendingPathComponent("own")
            try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
            _ = try run("export labels own/l.parquet --dataset \(place)-data --format parquet", in: folder)
            #expect(try planted.found(in: own).contains { $0.hasSuffix("binary, packed") })
            for name in ["\(place)-run-1", "\(place)-data", "\(place)-source"] {
                #expect(try !planted.found(in: folder.appendingPathComponent(name)).isEmpty)
            }
        }
    }

    /// The folder of the first run's results.
    private func judged(_ folder: URL) throws -> String {
        let results = folder.appendingPathComponent("\(Planted.mark)-run-1/evaluation").path
        return try #require(try FileManager.default.contentsOfDirectory(atPath: results).first)
    }

    /// Of 40 studies nine have the first code, twelve the second, 33 the third: seven lack it.
    @Test func `counts below ten, and what they follow from, are not shared`() throws {
        try withTemporaryFolder { folder in
            var text = "study_id,subject_id,code,label,probability\n"
            for study in 1...40 {
                for (code, count) in [("RARE", 9), ("COMMON", 12), ("USUAL", 33)] {
                    let has = study <= count
                    text +=
                        "\(study),\(study),\(code),\(has ? 1 : 0),\(has == (study % 3 != 0) ? 0.8 : 0.3)\n"
                }
            }
            try Data(text.utf8).write(to: folder.appendingPathComponent("answers.csv"))
            _ = try run("evaluate --predictions answers.csv --share shared", in: folder)
            let shared = folder.appendingPathComponent("shared")
            func file(_ name: String) throws -> String {
                String(decoding: try Data(contentsOf: shared.appendingPathComponent(name)), as: UTF8.self)
            }
            for name in ["report.html", "metrics.json", "codes.csv", "groups.csv"] {
                let text = try file(name)
                #expect(!text.contains("RARE") && !text.contains("USUAL"), "\(name)")
                #expect(!text.contains("answers.csv"), "\(name)")
            }
            // Of twelve four are missed: the confusion, and F1 by which it can be worked out, are gone.
            #expect(try file("metrics.json").contains("\"COMMON\""))
            #expect(!(try file("metrics.json")).contains("confusion"))
            let counts = try file("metrics.json").matches(
                of: /"(?:studies|subjects|positives|count)" : (\d+)/)
            #expect(!counts.isEmpty && counts.allSatisfy { Int($0.output.1)! >= 10 })
            // Nor does a bin of calibration tell of how few it is: of the answers around 0.8 and 0.3 both kinds are many.
            let bins = try file("metrics.json").matches(of: /"count" : (\d+),\s+"observed" : ([\d.]+)/)
            for bin in bins {
                let count = Double(bin.output.1)!, positives = (Double(bin.output.2)! * count).rounded()
                #expect(min(positives, count - positives) >= 10)
            }
        }
    }

    @Test func `too few studies are not shared at all, and nothing is given away beside other files`() throws
    {
        try withTemporaryFolder { folder in
            var text = "study_id,code,label,probability\n"
            for study in 1...9 { text += "\(study),I50,\(study % 2),0.\(study)\n" }
            try Data(text.utf8).write(to: folder.appendingPathComponent("few.csv"))
            let few = try Built.run(
                ["evaluate", "--predictions", "few.csv", "--share", "shared"], in: folder)
            #expect(few.status == 1 && few.errors.contains("--share: fewer than 10 studies"))
            let beside = try Built.run(["evaluate", "--predictions", "few.csv", "--share", "."], in: folder)
            #expect(beside.status == 1 && beside.errors.contains("--share: is a folder with other files"))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(names == ["few.csv"])
        }
    }
}
