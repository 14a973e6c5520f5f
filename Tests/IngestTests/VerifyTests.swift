// A dataset is damaged in every way that a disk or a user can; verify names the place.

import Catalog
import Crop
import EchoCore
import Files
import Foundation
import Ingest
import Testing
import TestSupport

@Suite struct VerifyTests {
    /// Calls `body` with a dataset of two shards of two clips each.
    private func withDataset(_ body: (URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let source = try TinySource(
                folder.appendingPathComponent("source"), studies: 2, each: [.bmode, .bmode])
            let dataset = folder.appendingPathComponent("dataset")
            var options = IngestOptions(source: source.folder.path, dataset: dataset.path)
            options.rules.shardSize = 1 << 10
            _ = try ingest(options)
            try body(dataset)
        }
    }

    private func problems(_ dataset: URL) throws -> [String] {
        try verify(dataset: dataset.path, jobs: 2).problems.map { "\($0.place): \($0.what)" }
    }

    @Test func `an undamaged dataset has no problems`() throws {
        try withDataset { dataset in
            let result = try verify(dataset: dataset.path, jobs: 2)
            #expect(result.problems.isEmpty)
            #expect(result.shards == 2 && result.clips == 4 && result.bytes == 4 * 6 * 224 * 224)
        }
    }

    @Test(arguments: CropRule.allCases)
    func `a box that reaches out of its picture is a box`(crop: CropRule) throws {
        try withTemporaryFolder { folder in
            let source = try TinySource(folder.appendingPathComponent("source"), studies: 1, each: [.bmode])
            var options = IngestOptions(
                source: source.folder.path, dataset: folder.appendingPathComponent("dataset").path)
            options.crop = crop
            _ = try ingest(options)
            #expect(try verify(dataset: options.dataset, jobs: 1).problems.isEmpty)
            let boxes = try Catalog(datasetFolder: options.dataset, readOnly: true).clips().map(\.boxTop)
            if crop == CropRule.none { #expect(boxes == [-20]) }
        }
    }

    @Test func `a flipped bit, a cut shard, a missing and a strange shard are each named`() throws {
        try withDataset { dataset in
            let path = dataset.path + "/shards/shard-00000.safetensors"
            let bytes = try readFile(path)
            var flipped = bytes
            flipped[flipped.count - 1] ^= 1
            try writeFile(path, flipped)
            #expect(
                try problems(dataset) == [
                    "shards/shard-00000.safetensors 90000000/90000000_0002: its bytes have another checksum"
                ])
            try writeFile(path, Array(bytes.dropLast()))
            #expect(try problems(dataset).first?.contains("is not a safetensors file") == true)
            try moveFile(path, to: dataset.path + "/shards/other.safetensors")
            let both = try problems(dataset)
            #expect(both.first == "shards/other.safetensors: is in no row of the database")
            #expect(both.last?.contains("shards/shard-00000.safetensors: cannot be opened") == true)
        }
    }

    @Test func `another shard under a shard's name is told by its clips`() throws {
        try withDataset { dataset in
            let shards = dataset.path + "/shards/"
            try writeFile(shards + "shard-00000.safetensors", readFile(shards + "shard-00001.safetensors"))
            let found = try problems(dataset)
            #expect(found.contains { $0.hasSuffix("90000001/90000001_0001: is in no row of the database") })
            #expect(
                found.contains {
                    $0.hasSuffix("90000000/90000000_0001: is in the database and not in the shard")
                })
        }
    }

    @Test func `the command ends with 1 if something is wrong`() throws {
        try withDataset { dataset in
            #expect(try Built.run("verify", dataset.path).status == 0)
            try removeFile(dataset.path + "/shards/shard-00001.safetensors")
            let outcome = try Built.run("verify", dataset.path)
            #expect(outcome.status == 1)
            #expect(outcome.output.contains("1 problems"))
        }
    }
}
