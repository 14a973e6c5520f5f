import DICOM
import EchoCore
import Foundation
import Testing
import TestSupport
import Video

@Suite struct HostileTests {
    @Test(arguments: HostileFile.all)
    func `a broken file ends as is written beside it`(file: HostileFile) throws {
        let found = ending(of: try file.make())
        #expect(found == file.ending, "\(found)")
    }

    @Test func `there are more than a hundred broken files, each with a name of its own`() {
        #expect(HostileFile.all.count > 100)
        #expect(Set(HostileFile.all.map(\.name)).count == HostileFile.all.count)
    }

    @Test(.enabled(if: !isSanitized, "sanitizers take memory of their own"))
    func `no broken file takes 512 MiB of memory`() throws {
        let limit = 512 << 20
        for start in stride(from: 0, to: HostileFile.all.count, by: 20) {
            let group = HostileFile.all[start..<min(start + 20, HostileFile.all.count)]
            // What a run of several takes is no less than what one of them takes.
            guard try peakMemory(ofIngesting: Array(group)) >= limit else { continue }
            for file in group {
                let peak = try peakMemory(ofIngesting: [file])
                #expect(peak < limit, "\(file.name): \(peak >> 20) MiB")
            }
        }
        let corpus = Built.repository.appendingPathComponent("fixtures/fuzz")
        #expect(try withTemporaryFolder { try peakMemory(ofIngesting: corpus, to: $0) } < limit)
    }

    @Test func `what the fuzzer found is a clip or a rejection`() throws {
        let corpus = Built.repository.appendingPathComponent("fixtures/fuzz")
        let files = try FileManager.default.contentsOfDirectory(at: corpus, includingPropertiesForKeys: nil)
        #expect(files.count > 100)
        for file in files { try judge(Array(try Data(contentsOf: file))) }
    }

    @Test(.enabled(if: seedFolder != nil, "FUZZ_SEEDS=FOLDER writes them there"))
    func `the fuzzer begins with the small ones`() throws {
        let folder = URL(fileURLWithPath: seedFolder ?? "")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (index, file) in HostileFile.all.enumerated() {
            let bytes = try file.make()
            if bytes.count < 1 << 15 {
                try Data(bytes).write(to: folder.appendingPathComponent("seed-\(index)"))
            }
        }
    }

    @Test(arguments: ["a JPEG file", "a native file", "an RLE file", "an AVI file", "an MP4 file"])
    func `a file cut anywhere is a clip or a rejection`(kind: String) throws {
        let bytes = try sound(kind)
        for length in stride(from: 0, to: bytes.count, by: 97) {
            try judge(Array(bytes.prefix(length)))
        }
    }

    @Test(
        arguments: ["a JPEG file", "a native file", "an RLE file", "an AVI file", "an MP4 file"],
        1...40 as ClosedRange<UInt64>)
    func `a file with flipped bytes is a clip or a rejection`(kind: String, seed: UInt64) throws {
        var bytes = try sound(kind)
        var random = SeededRandom(seed: seed, "flipped bytes")
        // The heads are small and matter most.
        for _ in 0..<random.below(8) + 1 {
            let bound = random.below(2) == 0 ? min(900, bytes.count) : bytes.count
            bytes[random.below(bound)] = UInt8(random.below(256))
        }
        try judge(bytes)
    }
}

/// Bytes that the built program holds at its peak while it ingests these files on one worker.
private func peakMemory(ofIngesting files: [HostileFile]) throws -> Int {
    try withTemporaryFolder { folder in
        let source = folder.appendingPathComponent("source")
        try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
        for (index, file) in files.enumerated() {
            try Data(try file.make()).write(to: source.appendingPathComponent("\(index)"))
        }
        return try peakMemory(ofIngesting: source, to: folder)
    }
}

private func peakMemory(ofIngesting source: URL, to folder: URL) throws -> Int {
    struct Summary: Decodable {
        let files: Int, peakMemory: Int
    }
    let dataset = folder.appendingPathComponent("dataset").path
    let run = try Built.run(
        "ingest", source.path, "--layout", "folder", "--dataset", dataset, "--jobs", "1", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let summary = try decoder.decode(Summary.self, from: Data(run.output.utf8))
    #expect(summary.files > 0)
    return summary.peakMemory
}

private let isSanitized = ProcessInfo.processInfo.environment["SANITIZE"] != nil
private let seedFolder = ProcessInfo.processInfo.environment["FUZZ_SEEDS"]

/// How a file ends.
func ending(of bytes: [UInt8]) -> Ending {
    do throws(Rejection) {
        let decoded = try openClip(bytes, name: "hostile").decode(maxFrames: nil)
        if let shortfall = decoded.shortfall { return .salvaged(decoded.clip.frames, shortfall.reason) }
        return .whole(decoded.clip.frames)
    } catch {
        return .rejected(error.reason)
    }
}

/// A file that is as it should be.
private func sound(_ kind: String) throws -> [UInt8] {
    let name = [
        "a JPEG file": "no sequence delimiter", "a native file": "native pixels for more frames than said",
    ]
    switch kind {
    case "an RLE file": return BrokenFile(.rle, pixels: encapsulated(runLengthFrames)).bytes
    default:
        let name = name[kind] ?? kind
        return try HostileFile.all.first { $0.name == name }?.make() ?? []
    }
}

/// A broken file may end in any way but a crash, without frames that are none, or a reason that is not of its kind.
private func judge(_ bytes: [UInt8]) throws {
    let reasons: Set<DropReason> = [
        .empty, .notAClip, .malformed, .truncated, .noPixels, .unsupported, .undecodable, .tooLarge,
        .notUltrasound, .threeD,
    ]
    switch ending(of: bytes) {
    case .whole(let frames): #expect(frames > 0)
    case .salvaged(let frames, let reason): #expect(frames > 0 && reasons.contains(reason))
    case .rejected(let reason): #expect(reasons.contains(reason))
    }
}

/// Six RLE frames of 48 × 32 RGB pixels, in runs and literals.
let runLengthFrames: [[UInt8]] = (0..<6).map { frame in
    let segments = (0..<3).map { component in
        (0..<32).flatMap { row -> [UInt8] in
            // A run of 24, then 24 bytes as they are.
            [UInt8(257 - 24), UInt8(row + component + frame), 23] + (0..<24).map { UInt8($0 * 3 + component) }
        }
    }
    var head = little(3, 4)
    var offset = 64
    for segment in segments {
        head += little(offset, 4)
        offset += segment.count
    }
    return head + [UInt8](repeating: 0, count: 64 - head.count) + segments.flatMap { $0 }
}
