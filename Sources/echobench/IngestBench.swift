// Times ingest beside pure decoding of the same clips, and beside EchoPrime's steps in Python.

public import ArgumentParser
public import Crop
import DICOM
import EchoCore
import Files
import Foundation
import Ingest
import Phantom
import Video

struct IngestBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Times reading, decoding, masking, cropping and writing of B-mode clips on one core.",
        discussion: """
            Processor time, user and system, a frame. Decoding alone is libjpeg-turbo on every frame, one after the \
            other into the same memory. EchoPrime's steps are those of Tests/Oracles/bench_echoprime.py (pydicom, \
            Pillow, OpenCV). All run in turns; medians of the pairs.

            On a machine with other work, more workers gain less.
            """)

    @Option(help: "A folder of clips; phantom clips of two sizes if not given.") var source: String?
    @Option(help: "Clips of each size, if they are phantoms.") var clips = 4
    @Option(help: "Frames of a clip, if they are phantoms.") var frames = 75
    @Option(help: "How often each is timed.") var pairs = 5
    @Option(help: "What is stored.") var pixels = PixelLayout.luma
    @Option(help: "Workers to compare with one, by the clock.") var workers = 4
    @Option(help: "The Python of .oracle, to race EchoPrime's steps.") var python: String?

    func run() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("echobench-\(getpid())")
            .path
        try makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        if let source {
            try race(source, name: "clips", in: folder)
        } else {
            for (height, width) in [(708, 1016), (480, 640)] {
                var options = PhantomOptions()
                (options.height, options.width, options.frames) = (height, width, frames)
                (options.extras, options.quality, options.studies) = (false, 90, (clips + 2) / 3)
                let name = "\(height)x\(width)"
                _ = try writePhantom(to: "\(folder)/\(name)", options: options)
                try race("\(folder)/\(name)/mimic-iv-echo", name: name, in: folder)
            }
        }
    }

    private func race(_ source: String, name: String, in folder: String) throws {
        let files = try clipFiles(source)
        var decoding: [Double] = [], ingesting: [Double] = [], peer: [Double] = []
        for pair in 0..<pairs {
            decoding.append(try decode(files))
            ingesting.append(try ingest(source, into: "\(folder)/\(name)-dataset-\(pair)"))
            if let python { peer.append(try echoPrime(files, python)) }
        }
        print("\(name), \(pixels.rawValue), \(files.count) clips, median of \(pairs):")
        print("  libjpeg-turbo alone  \(rate(decoding))")
        print(
            "  echoprep ingest      \(rate(ingesting)), \(ratio(decoding, ingesting)) of libjpeg-turbo alone")
        if workers > 1 {
            let times = try (0..<pairs).map { pair in
                try [1, workers].map { workers in
                    try elapsed {
                        _ = try ingest(source, into: "\(folder)/\(name)-\(workers)-\(pair)", workers: workers)
                    }
                }
            }
            print(
                "  \(workers) workers            \(ratio(times.map { $0[0] }, times.map { $0[1] })) times as fast as one"
            )
        }
        if python != nil {
            print("  EchoPrime's steps    \(rate(peer)), echoprep is \(ratio(peer, ingesting)) times as fast")
        }
    }

    /// The files of a folder that are clips.
    private func clipFiles(_ source: String) throws -> [String] {
        let names = FileManager.default.enumerator(atPath: source)?.compactMap { $0 as? String } ?? []
        return names.sorted().map { "\(source)/\($0)" }.filter { path in
            guard let bytes = try? readFile(path), let clip = try? openClip(bytes, name: "") else {
                return false
            }
            return clip.header.frames > 1
        }
    }

    private func decode(_ files: [String]) throws -> Double {
        var frames = 0
        var seconds = 0.0
        for file in files {
            let stills = try stills(of: file)
            seconds += try processorTime {
                for still in stills { FrameMemory.shared.recycle(try still.decode(maxFrames: 1).clip) }
            }
            frames += stills.count
        }
        return seconds / Double(frames)
    }

    /// Every frame of a clip as a clip of its own.
    private func stills(of path: String) throws -> [any ClipSource] {
        let bytes = try readFile(path)
        let file = try DICOMFile(bytes: bytes)
        guard case .fragments(let fragments) = file.pixelData?.layout else {
            throw EchoError(path, "is not a clip of JPEG pictures", try: "race DICOM files of JPEG Baseline")
        }
        return try fragments.map { fragment in
            var still = DICOMWriter(
                sopClass: DICOMWriter.ultrasound, sopInstance: "1.2", transferSyntax: file.transferSyntax)
            for tag in [
                DICOMTag.samplesPerPixel, .planarConfiguration, .rows, .columns, .bitsAllocated, .bitsStored,
            ] {
                if let number = file.dataset.integer(tag) { still.dataset.add(tag, .US, number) }
            }
            still.dataset.add(
                .photometricInterpretation, .CS,
                file.dataset.text(.photometricInterpretation) ?? "YBR_FULL_422")
            still.addPixels(frames: [Array(bytes[fragment])], offsetTable: .empty)
            return try openClip(still.bytes(), name: path)
        }
    }

    /// The processor time a frame of one worker.
    private func ingest(_ source: String, into dataset: String) throws -> Double {
        var frames = 0
        let seconds = try processorTime { frames = try ingest(source, into: dataset, workers: 1) }
        return seconds / Double(max(frames, 1))
    }

    /// Ingests a folder from the beginning and says how many frames were stored.
    private func ingest(_ source: String, into dataset: String, workers: Int) throws -> Int {
        var options = IngestOptions(source: source, dataset: dataset)
        options.layout = "folder"
        options.jobs = workers
        options.rules.pixels = pixels
        options.rules.keep = Set(ClipKind.allCases)
        defer { try? FileManager.default.removeItem(atPath: dataset) }
        return try Ingest.ingest(options).framesStored
    }

    private func echoPrime(_ files: [String], _ python: String) throws -> Double {
        let process = Process(), output = Pipe()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["Tests/Oracles/bench_echoprime.py"] + files
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard let seconds = Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw EchoError("--python", "bench_echoprime.py failed", try: "run this in the repository's root")
        }
        return seconds
    }

    private func rate(_ seconds: [Double]) -> String {
        let middle = median(seconds)
        return String(format: "%7.3f ms a frame, %5.0f frames/s", middle * 1000, 1 / middle)
    }

    private func ratio(_ a: [Double], _ b: [Double]) -> String {
        String(format: "%.2f", median(zip(a, b).map { $0 / $1 }))
    }
}

/// The seconds that `body` takes by the clock.
private func elapsed(_ body: () throws -> Void) rethrows -> Double {
    try ContinuousClock().measure(body) / .seconds(1)
}

/// The processor time of this process that `body` takes, user and system, in seconds.
private func processorTime(_ body: () throws -> Void) rethrows -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    try body()
    return now() - start
}

extension PixelLayout: ExpressibleByArgument {}
