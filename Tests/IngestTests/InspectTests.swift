// What inspect says of each kind of thing, and the pictures it draws.

import EchoCore
import Files
import Foundation
import Ingest
import Pictures
import Testing
import TestSupport

@Suite struct InspectTests {
    private func facts(_ inspection: Inspection) -> [String: String] {
        Dictionary(inspection.facts.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    private func write(_ made: Made, _ folder: URL) throws -> String {
        let path = folder.appendingPathComponent("\(made).dcm").path
        try writeFile(path, TinySource.bytes(made, seed: 1, height: 120, width: 160, frames: 6))
        return path
    }

    @Test func `a kept clip is told with the figure of every rule`() throws {
        try withTemporaryFolder { folder in
            let report = try inspect(write(.bmode, folder))
            #expect(report.what == "clip" && report.kept == true)
            let facts = facts(report)
            #expect(facts["frames"] == "6 at 30.03 a second (fewer than 2: still)")
            #expect(facts["picture"] == "160 × 120")
            #expect(facts["tags say"] == "bmode")
            #expect(facts["colour"]?.hasPrefix("0.00 %") == true)
            #expect(facts["crop"] == "rows 12..<108, columns 32..<128")
            #expect(facts["decision"] == "kept")
        }
    }

    @Test(arguments: [Made.doppler, .still, .spectral, .truncated, .text, .empty])
    func `a dropped file is told with its reason`(made: Made) throws {
        try withTemporaryFolder { folder in
            let report = try inspect(write(made, folder))
            #expect(report.kept == false)
            #expect(facts(report)["decision"]?.hasPrefix("dropped: \(made.reason!.rawValue), ") == true)
        }
    }

    @Test func `the picture has the size of a frame, the mask is black and white`() throws {
        try withTemporaryFolder { folder in
            let clip = try ClipInspection(write(.bmode, folder))
            let png = folder.appendingPathComponent("a.png").path
            try clip.writePicture(to: png)
            let picture = try Picture(png: readFile(png))
            #expect(picture.width == 160 && picture.height == 120 && picture.channels == 3)
            let mask = folder.appendingPathComponent("m.png").path
            try clip.writeMask(to: mask)
            #expect(Set(try Picture(png: readFile(mask)).pixels) == [0, 255])
            #expect(throws: EchoError.self) { try ClipInspection(write(.text, folder)).writePicture(to: png) }
            // A still is dropped undecoded and drawn all the same.
            try ClipInspection(write(.still, folder)).writePicture(to: png)
        }
    }

    @Test func `datasets and shards are told by their content`() throws {
        try withTemporaryFolder { folder in
            let source = try TinySource(
                folder.appendingPathComponent("source"), studies: 2, each: [.bmode, .still])
            let dataset = folder.appendingPathComponent("dataset").path
            _ = try ingest(IngestOptions(source: source.folder.path, dataset: dataset))
            let report = try inspect(dataset)
            #expect(report.what == "dataset")
            #expect(facts(report)["clips"] == "2, 12 frames")
            let shard = try inspect(dataset + "/shards/shard-00000.safetensors")
            #expect(shard.what == "shard")
            #expect(facts(shard)["90000001/90000001_0001"] == "U8 6 × 224 × 224")
            #expect(throws: EchoError.self) { try inspect(folder.path) }

            // All are there to read by program; to people what is alike is told once.
            #expect(shard.text.contains("*/*_*") && shard.text.contains("U8 6 × 224 × 224, 2 times"))
            #expect(!shard.text.contains("90000001"))
        }
    }

    @Test func `contact sheets show the clips of each outcome and list where they are`() throws {
        try withTemporaryFolder { folder in
            let source = try TinySource(
                folder.appendingPathComponent("source"), studies: 3, each: [.bmode, .doppler, .text])
            let dataset = folder.appendingPathComponent("dataset").path
            _ = try ingest(IngestOptions(source: source.folder.path, dataset: dataset))
            let sheets = folder.appendingPathComponent("sheets").path
            let names = try drawContactSheets(of: dataset, to: sheets, options: ContactSheetOptions())
            #expect(names == ["kept-bmode-1.png", "dropped-doppler-1.png"])
            for name in names {
                let picture = try Picture(png: readFile(sheets + "/" + name))
                #expect(picture.width == 3 * 112 + 2 * 2 && picture.height == 112)
                #expect(picture.pixels.max()! > 100)
            }
            let list = String(decoding: try readFile(sheets + "/clips.csv"), as: UTF8.self)
            #expect(list.split(separator: "\n").count == 7)
            #expect(list.contains("dropped-doppler-1.png,0,2,90000002/90000002_0002,"))
        }
    }
}
