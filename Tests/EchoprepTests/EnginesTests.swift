import Foundation
import Testing
import TestSupport

/// `echoprep engines`, and engines that are not there, as a user meets them.
@Suite struct EnginesTests {
    private let without = ["ECHOPREP_TORCH": "/nonexistent/libechotorch.so"]

    private struct Line: Decodable {
        let engine: String
        let device: String?, precision: String?
        let productsPerSecond: Double?, largestDifference: Double?
        let isRight: Bool?
        let absence: String?
    }

    @Test func `engines shows what computes right, and why another is not there`() throws {
        let outcome = try Built.run(["engines", "--json", "--threads", "2"], environment: without)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try outcome.output.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        let processor = lines.filter { $0.engine == "cpu" }
        #expect(processor.map(\.precision) == ["f32", "bf16"])
        for line in processor {
            #expect(line.isRight == true && line.device == "cpu")
            #expect(try #require(line.largestDifference) > 0 && #require(line.productsPerSecond) > 1e9)
        }
        let torch = try #require(lines.first { $0.engine == "torch" })
        #expect(torch.absence?.contains("libechotorch.so") == true)
    }

    @Test(arguments: [
        (["--engine", "torch"], "make torch"), (["--device", "cuda:3"], "--device cpu"),
        (["--engine", "tensor"], "cpu, torch, reference"),
    ])
    func `an engine or a device that is not there ends with what to do`(place: [String], remedy: String)
        throws
    {
        try withTemporaryFolder { folder in
            let run = folder.appendingPathComponent("run").path
            let outcome = try Built.run(
                ["train", "--dataset", folder.path, "--run", run] + place, environment: without)
            #expect(outcome.status != 0)
            #expect(outcome.errors.contains(remedy), "\(outcome.errors)")
            #expect(!FileManager.default.fileExists(atPath: run))
        }
    }

    /// A library that is none, a shared library that is not ours, and nothing at all.
    @Test(arguments: ["text", "/proc/self/exe", ""])
    func `a shim that does not load says so`(kind: String) throws {
        try withTemporaryFolder { folder in
            let shim = folder.appendingPathComponent("libechotorch.so")
            if kind == "text" { try Data("no library".utf8).write(to: shim) }
            let path = kind.hasPrefix("/") ? kind : shim.path
            let outcome = try Built.run(
                ["train", "--dataset", folder.path, "--run", folder.path + "/run", "--engine", "torch"],
                environment: ["ECHOPREP_TORCH": path])
            #expect(outcome.status == 1 && outcome.errors.contains("make torch"), "\(outcome.errors)")
        }
    }
}
