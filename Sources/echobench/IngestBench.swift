// Times ingest beside pure decoding of the same clips, and beside EchoPrime's steps in Python.

import ArgumentParser
package import Crop
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
            Pillow, OpenCV), on the first four clips. All run in turns; medians of the pairs.

            What several workers gain is timed by the clock, beside what as many threads gain that do nothing but \
            decode: where processors share their caches, clock and memory, that is the most there is to gain.
            """)

    @Option(help: "A folder of clips; phantom clips of two sizes if not given.") var source: String?
    @Option(help: "Clips of each size, if they are phantoms.") var clips = 40
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
                (options.extras, options.quality, options.studies) = (false, 90, (clips + 3) / 4)
                let name = "\(height)x\(width)"
                _ = try writePhantom(to: "\(folder)/\(name)", options: options)
                try race("\(folder)/\(name)/mimic-iv-echo", name: name, in: folder)
            }
        }
    }

    private func race(_ source: String, name: String, in folder: String) throws {
        let files = try clipFiles(source)
        let pictures = try files.map(pictures(of:))
        var decoding: [Double] = [], ingesting: [Double] = [], peer: [Double] = []
        var ceiling: [Double] = [], gain: [Double] = []
        for pair in 0..<pairs {
            let dataset = "\(folder)/\(name)-\(pair)"
            decoding.append(try decode(pictures))
            ingesting.append(try ingest(source, into: dataset))
            if let python { peer.append(try echoPrime(Array(files.prefix(4)), python)) }
            guard workers > 1 else { continue }
            ceiling.append(try decodingGain(pictures))
            let times = try [1, workers].map { count in
                try elapsed { _ = try ingest(source, into: dataset, workers: count) }
            }
            gain.append(times[0] / times[1])
        }
        print("\(name), \(pixels.rawValue), \(files.count) clips, median of \(pairs):")
        print("  libjpeg-turbo alone  \(rate(decoding))")
        print(
            "  echoprep ingest      \(rate(ingesting)), \(ratio(decoding, ingesting)) of libjpeg-turbo alone")
        if python != nil {
            print("  EchoPrime's steps    \(rate(peer)), echoprep is \(ratio(peer, ingesting)) times as fast")
        }
        if workers > 1 {
            print(
                "  \(workers) workers            \(two(median(gain))) times as fast as one;",
                "\(workers) threads that only decode \(two(median(ceiling))) times")
        }
        if name == WholeCohort.size {
            let share = workers > 1 ? median(gain) / Double(workers) : nil
            print(WholeCohort.words(median(ingesting), share: share))
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

    /// A file's bytes, and where in it each picture lies.
    private struct Pictures {
        let bytes: [UInt8], places: [Range<Int>]
    }

    private func pictures(of path: String) throws -> Pictures {
        let bytes = try readFile(path)
        guard case .fragments(let places) = try DICOMFile(bytes: bytes).pixelData?.layout else {
            throw EchoError(path, "is not a clip of JPEG pictures", try: "race DICOM files of JPEG Baseline")
        }
        return Pictures(bytes: bytes, places: places)
    }

    /// The processor time a frame of libjpeg-turbo alone.
    private func decode(_ files: [Pictures]) throws -> Double {
        let seconds = try processorTime { try IngestBench.decodeAll(files) }
        return seconds / Double(files.reduce(0) { $0 + $1.places.count })
    }

    private static func decodeAll(_ files: [Pictures]) throws {
        for file in files {
            var decoder = try PictureDecoder()
            for place in file.places { try decoder.decode(file.bytes, place) }
        }
    }

    /// How many times as much several threads decode in the same time as one.
    private func decodingGain(_ files: [Pictures]) throws -> Double {
        let alone = try elapsed { try IngestBench.decodeAll(files) }
        let together = elapsed {
            // What one thread decoded without a fault, all do.
            parallelFor(workers, workers: workers) { _ in try? IngestBench.decodeAll(files) }
        }
        return Double(workers) * alone / together
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
        two(median(zip(a, b).map { $0 / $1 }))
    }

    private func two(_ value: Double) -> String { String(format: "%.2f", value) }
}

/// What a time a frame means for all of MIMIC-IV-ECHO; the numbers are those of docs/commands/ingest.md, "How long it
/// takes".
private enum WholeCohort {
    /// The size of its pictures, its files, and those of them that are clips: a still is dropped undecoded.
    static let size = "708x1016", files = 525_422, clips = 290_000
    static let framesOfClip = 75, bytesOfClip = 6.5e6, cores = 16

    /// - Parameter share: what each of several workers did of what one does alone
    static func words(_ secondsOfFrame: Double, share: Double?) -> String {
        let coreHours = secondsOfFrame * Double(clips * framesOfClip) / 3600
        let hours = coreHours / Double(cores)
        let rate = Double(clips) * bytesOfClip / 1e6 / (hours * 3600)
        var words = "  \(grouped(files)) files      with \(grouped(clips)) clips of \(framesOfClip) frames: "
        words += String(format: "%.1f core-hours, %.2f hours on %d cores", coreHours, hours, cores)
        if let share { words += String(format: " (%.2f if they gain as here)", hours / share) }
        return words + String(format: ", from a disk of %.1f GB/s", rate / 1000)
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
