// The race of the loader against a PyTorch DataLoader with torchvision's transforms, in turns over the same shards.

import ArgumentParser
import Compute
import EchoCore
import Engines
import Foundation
import Ingest
import Models
import Phantom
import StudyData
import Tasks
import Training

struct LoaderBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loader",
        abstract: "Times the way from mapped shards to cropped, turned, resized and normalised clips.",
        discussion: """
            A pass loads every study once, as in an epoch of training. With --peer PYTHON, \
            Tests/Oracles/bench_loader.py makes a pass after each of ours: the same shards, views, frames and size, \
            the same ranges of crops and turns. Without --dataset, clips are phantoms.
            """)

    @Option(help: "A dataset folder, as ingest left it.") var dataset: String?
    @Option(help: "Studies, if they are phantoms.") var studies = 32
    @Option(help: "Frames of a clip, if they are phantoms.") var clipFrames = 48
    @Option(help: "The model whose views, frames and image are loaded.") var preset = Preset.tiny
    @Option(help: "Studies a batch.") var batch = 8
    @Option(help: "Threads of ours, processes of the peer's.") var workers = 1
    @Option(help: "Passes whose median counts, after one that is not timed.") var passes = 5
    @Option(help: "A Python with PyTorch, torchvision and safetensors.") var peer: String?

    func run() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("echobench-\(getpid())")
            .path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let dataset = try self.dataset ?? phantoms(in: folder)
        let model = ModelConfiguration.preset(preset, kind: .lamae)
        let ours = try Pass(dataset, model, batch: batch, workers: workers)
        let theirs = try peer.map {
            try Peer(
                program: $0,
                [
                    "Tests/Oracles/bench_loader.py", dataset, "--workers", "\(workers)", "--views",
                    "\(model.views)", "--frames", "\(model.frames)", "--image", "\(model.image)", "--batch",
                    "\(batch)",
                ])
        }
        _ = try ours.run(epoch: 0)
        var times: [PassTime] = [], loading: [PassTime] = [], peerTimes: [PassTime] = []
        for pass in 1...passes {
            times.append(try ours.run(epoch: pass))
            loading.append(try ours.run(epoch: pass, resampling: false))
            if let theirs { peerTimes.append(try PassTime(words: theirs.ask())) }
        }
        print(
            "\(times[0].clips) clips of \(model.frames) frames to \(model.image)², \(workers) workers, "
                + "median of \(passes):")
        print("  echoprep    \(figures(times))")
        print("  without resampling, which a card does    \(figures(loading))")
        guard theirs != nil else { return }
        print("  DataLoader  \(figures(peerTimes))")
        let byClock = median(times.map(\.clipsASecond)) / median(peerTimes.map(\.clipsASecond))
        let byCore = median(times.map(\.clipsACore)) / median(peerTimes.map(\.clipsACore))
        print(
            String(format: "  echoprep loads %.1f times as many a worker, ", byClock)
                + String(format: "%.1f times as many a second of processor", byCore))
    }

    private func figures(_ times: [PassTime]) -> String {
        String(
            format: "%.0f clips a second and worker, ", median(times.map(\.clipsASecond)) / Double(workers))
            + String(format: "%.2f ms of processor a clip", 1000 / median(times.map(\.clipsACore)))
    }

    private func phantoms(in folder: String) throws -> String {
        var cohort = PhantomOptions()
        (cohort.studies, cohort.frames, cohort.extras) = (studies, clipFrames, false)
        (cohort.height, cohort.width) = (354, 508)
        _ = try writePhantom(to: "\(folder)/phantom", options: cohort)
        _ = try ingest(
            IngestOptions(source: "\(folder)/phantom/mimic-iv-echo", dataset: "\(folder)/dataset"))
        return "\(folder)/dataset"
    }
}

/// What a pass over all studies took.
private struct PassTime {
    let seconds: Double, processor: Double
    let clips: Int

    var clipsASecond: Double { Double(clips) / seconds }
    var clipsACore: Double { Double(clips) / processor }

    init(seconds: Double, processor: Double, clips: Int) {
        self.seconds = seconds
        self.processor = processor
        self.clips = clips
    }

    /// The peer's answer: seconds, seconds of processor, clips.
    init(words: [Substring]) throws {
        guard words.count == 3, let seconds = Double(words[0]), let processor = Double(words[1]),
            let clips = Int(words[2])
        else { throw EchoError("--peer", "stopped in the middle of a pass") }
        self.init(seconds: seconds, processor: processor, clips: clips)
    }
}

/// A pass of ours over the studies of a dataset.
private struct Pass {
    let studies: [Study]
    let loader: BatchLoader
    let batch: Int, workers: Int

    init(_ dataset: String, _ model: ModelConfiguration, batch: Int, workers: Int) throws {
        let set = try StudySet(dataset: dataset, task: .pretrain)
        studies = set.train + set.validation
        let engine = try Place(Engines.all[0], threads: workers).makeEngine()
        loader = BatchLoader(
            studies: StudyLoader(
                shards: ShardPool(dataset: dataset),
                sampler: Sampler(views: model.views, frames: model.frames, stride: 4),
                augmentation: Augmentation(), image: model.image, channels: 1,
                normalisation: Normalisation(mean: [0.2], deviation: [0.2]), seed: 1),
            model: model, engine: engine)
        self.batch = batch
        self.workers = workers
    }

    /// - Parameter resampling: whether frames become what the model sees, as the engine of processors does it
    func run(epoch: Int, resampling: Bool = true) throws -> PassTime {
        let plan = BatchPlan(studies: studies.count, batch: batch, accumulate: 1, seed: 1)
        var clips = 0
        let (start, begin) = (ContinuousClock.now, processorSeconds())
        try produceInOrder(plan.partsPerEpoch, workers: workers, window: workers + 2) { index in
            let part = plan.part(epoch * plan.partsPerEpoch + index)
            return try loader.load(plan.studies(of: part).map { studies[$0] }, .training(epoch: epoch))
        } consume: { _, loaded in
            clips += loaded.input.views
            if resampling { _ = loaded.input.buffer(of: loader.model, on: loader.engine) }
            loader.recycle(loaded)
        }
        return PassTime(
            seconds: start.duration(to: .now) / .seconds(1), processor: processorSeconds() - begin,
            clips: clips)
    }
}

/// Seconds of processor that all threads of this process have taken.
private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
