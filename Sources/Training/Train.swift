// `echoprep train`: from options and a dataset to a finished run.

import Catalog
import Compute
import EchoCore
import Files
import Foundation
import Models
import Runs
import Shards
import StudyData
import Tasks

/// Trains, or goes on training, until the run is complete.
///
/// The ranks of the place do so together: all call it with the same options, and the first alone writes and says something.
///
/// - Parameter say: receives messages for the user, one or more lines each
/// - Throws: `EchoError`, which several ranks wrap as an `AgreedEnd` where they all come to it; `Interrupted` after the state
///   is saved
package func train(_ options: TrainOptions, say: @escaping (String) -> Void) throws -> TrainSummary {
    let ranks = options.place.ranks
    let say = ranks.isFirst ? say : { _ in }
    var beginning = try ranks.together { try Beginning(options, say: say) }
    // What is written is written before the other ranks read.
    let lock = try ranks.first { try beginning.open(say: say) }
    try ranks.together { if !ranks.isFirst { try beginning.follow() } }
    try ranks.compare(beginning.identity(), "--run")
    let summary: TrainSummary
    if let grid = beginning.configuration.recipe.probeGrid {
        summary = try ProbeTrainer(
            options: options, configuration: beginning.configuration, set: beginning.set,
            shards: beginning.shards, learner: beginning.learner, store: beginning.store,
            state: beginning.state, grid: grid, say: say
        ).run()
    } else {
        summary = try Trainer(
            options: options, configuration: beginning.configuration, set: beginning.set,
            shards: beginning.shards, learner: beginning.learner, store: beginning.store,
            state: beginning.state, say: say
        ).run()
    }
    // Whoever goes on finds what the first rank has written.
    try ranks.meet()
    _ = consume lock
    return summary
}

/// All that a run begins with, read and decided before anything is written.
struct Beginning {
    let options: TrainOptions
    let folder: RunFolder
    /// Of the run that is in the folder.
    let found: RunConfiguration?
    let set: StudySet
    let shards: ShardPool
    private let initial: InitialWeights?
    private(set) var configuration: RunConfiguration
    private(set) var store: CheckpointStore
    let learner: Learner
    /// Where the run stands.
    private(set) var state = RunState()

    init(_ options: TrainOptions, say: (String) -> Void) throws {
        self.options = options
        try options.check()
        folder = RunFolder(options.run)
        found = try folder.configuration()
        for option in options.continuing where found == nil {
            throw EchoError(option, "there is no run in the folder", try: "leave out \(option) to begin one")
        }
        set = try StudySet(
            dataset: options.recipe.dataset, task: options.recipe.task, keeping: options.recipe.selection)
        for note in set.notes + options.doubts(about: set) { say(note) }
        shards = ShardPool(dataset: options.recipe.dataset)
        // A run that goes on has its own weights: those that it began with may be gone.
        let isGone = options.recipe.initial.map { !FileManager.default.fileExists(atPath: $0) } ?? true
        initial = options.resume && isGone ? nil : try options.recipe.initial.map { try InitialWeights($0) }
        configuration = try describe(options, folder, found, set, shards, initial)

        store = CheckpointStore(folder: folder, configuration: configuration)
        let engine = try options.place.makeEngine(options.recipe.precision)
        let recomputes = try StepMemory.recomputes(options, configuration, on: engine, say: say)
        EngineFailure.advise(StepMemory.remedy(options, recomputing: recomputes))
        learner = Learner(configuration, on: engine)
        learner.model.checkpointsActivations = recomputes
        if let caution = engine.caution { say(caution) }
        for option in options.continuing where store.isEmpty {
            throw EchoError(
                option, "the run has no checkpoint yet", try: "leave out \(option) to start it again")
        }
    }

    /// Takes the folder and brings the learner to where the run stands, at its beginning or at its last checkpoint.
    mutating func open(say: (String) -> Void) throws -> FileLock {
        guard store.isEmpty else {
            let lock = try lockUnchanged(wasEmpty: false)
            try goOn()
            if options.extend != nil { try writeFile(folder.config, configuration.json()) }
            return lock
        }
        try initialise(say: say)
        let learned = LearnedStudies(set, initial: initial?.learned)
        if let initial, let note = try initial.overlap(options.recipe.dataset) {
            say("\(initial.name): \(note)")
        }
        let lock = try lockUnchanged(wasEmpty: true)
        try writeFile(folder.studies, Array(learned.csv.utf8))
        try writeFile(folder.config, configuration.json())
        return lock
    }

    /// Brings the learner to where that of the first rank is.
    mutating func follow() throws {
        if store.isEmpty { try initialise { _ in } } else { try goOn() }
    }

    /// What ranks must agree on before they train together.
    func identity() throws -> [UInt8] {
        try Array(configuration.json() + state.json())
    }

    /// The lock, if the folder is still what all this was decided on.
    private func lockUnchanged(wasEmpty: Bool) throws -> FileLock {
        let lock = try folder.lock()
        guard try folder.configuration() == found, store.isEmpty == wasEmpty else {
            throw EchoError(
                "--run", "another echoprep train was at work in the folder meanwhile",
                try: "give the same command again")
        }
        return lock
    }

    /// Brings the learner to the last checkpoint, and the run to as many epochs as are asked for.
    private mutating func goOn() throws {
        state = try store.restore(learner)
        guard state.isSound(epochs: configuration.recipe.epochCount) else {
            throw EchoError(
                RunFolder.place(folder.state), "says that more was done than the run has",
                try: "bring a copy back, or start another run with --init checkpoints/best.safetensors")
        }
        if let epochs = options.extend {
            configuration = try configuration.extended(to: epochs, after: state.step)
            store = CheckpointStore(folder: folder, configuration: configuration)
        }
    }

    /// Gives the model the weights of `--init`.
    private func initialise(say: (String) -> Void) throws {
        guard let initial else { return }
        let report = try learner.model.initialise(from: initial.file)
        learner.average?.restart()
        say("\(initial.name): \(report.text)")
        guard !report.isEmpty else {
            throw EchoError(
                "--init \(initial.name)", "holds no tensor that fits the model",
                try:
                    "choose the --preset of the weights' size; names are those of echoprep, timm, MAE or VideoMAE"
            )
        }
        if options.strictInitial && !report.isComplete {
            throw EchoError("--init-strict", "\(initial.name) does not match the model in full")
        }
        let broken = learner.model.parameters.first {
            !learner.model.read($0.name).allSatisfy(\.isFinite)
        }
        if let broken {
            throw EchoError("--init \(initial.name)", "\(broken.name) holds a number that is not finite")
        }
    }
}

extension TrainOptions {
    /// The options given that want a run to go on with.
    fileprivate var continuing: [String] {
        [("--resume", resume), ("--extend", extend != nil)].filter(\.1).map(\.0)
    }
}

/// The weights of `--init`.
private struct InitialWeights {
    let file: SafetensorsFile
    let name: String
    let identity: RunConfiguration.InitialIdentity
    /// Of our own checkpoints: what their pixels were normalised with.
    let normalisation: Normalisation?
    /// Of a run's: the studies that it knows.
    let learned: LearnedStudies?

    /// Far more than any model has: each name is looked for under many spellings.
    private static let mostTensors = 20_000

    /// - Parameter path: a safetensors file, or a run folder for its best checkpoint
    init(_ path: String) throws {
        var folder: ObjCBool = false
        let isFolder = FileManager.default.fileExists(atPath: path, isDirectory: &folder) && folder.boolValue
        let chosen = isFolder ? RunFolder(path).best : path
        name = RunFolder.place(chosen)
        file = try opened(
            chosen, as: "--init \(name)",
            try:
                "name a safetensors file or a run folder; safetensors.torch.save_file makes one of a PyTorch file"
        )
        guard file.names.count <= InitialWeights.mostTensors else {
            throw EchoError(
                "--init \(name)",
                "holds \(grouped(file.names.count)) tensors, more than \(grouped(InitialWeights.mostTensors)): no model's",
                try: "name a file of weights")
        }
        guard try file.matchesChecksum() else {
            throw EchoError(
                "--init \(name)", "is damaged: its content is not what was written", try: "bring a copy back")
        }
        identity = .init(file: name, sha256: sha256(try mapFile(chosen)))
        normalisation =
            file.metadata["config"].flatMap {
                try? RunConfiguration(json: Data($0.utf8))
            }?.normalisation
        let around = URL(fileURLWithPath: path).deletingLastPathComponent()
        let run = around.lastPathComponent == "checkpoints" ? around.deletingLastPathComponent().path : nil
        learned = try (isFolder ? path : run).flatMap { try LearnedStudies(run: $0) }
    }

    /// What is wrong with judging on the dataset's split test what is learned from here; nil if nothing is.
    func overlap(_ dataset: String) throws -> String? {
        let test = try Catalog(datasetFolder: dataset, readOnly: true).studies(in: .test)
        let count = learned?.count(among: test.map { ($0.key, $0.subjectID) }) ?? 0
        guard count > 0 else { return nil }
        return
            "warning: it has learned from subjects of \(count) of the \(test.count) studies of the split test, "
            + "which is no fair test any more; pre-train after link-icd"
    }
}

/// The run's configuration, refused where the folder holds a run of another; prolonged if that is asked for.
private func describe(
    _ options: TrainOptions, _ folder: RunFolder, _ found: RunConfiguration?, _ set: StudySet,
    _ shards: ShardPool, _ initial: InitialWeights?
) throws -> RunConfiguration {
    var recipe = options.recipe
    let channels = try StudyLoader.channels(of: set.train, in: shards)
    let data = RunConfiguration.DataIdentity(set)
    // Sizes of a run that is there are its own, whatever a preset of that name is now.
    let isSamePreset = found?.recipe.preset == nil || found?.recipe.preset == recipe.preset
    let shape = try recipe.model(
        channels: channels, heads: set.heads, sizes: isSamePreset ? found?.model : nil)
    recipe.dataset = folder.relative(recipe.dataset)
    recipe = recipe.resolved(shape)
    var heads = set.heads
    for (index, columns) in heads.columns.enumerated() where recipe.task.heads[index].answers == .classes {
        heads[index].positiveWeights = recipe.positiveWeight.weights(of: set.train, columns: columns)
    }
    var normalisation = initial?.normalisation
    if normalisation?.mean.count != channels { normalisation = nil }
    // A resume of the same data need not measure again.
    if normalisation == nil, let found, found.data == data { normalisation = found.normalisation }
    var configuration = RunConfiguration(
        recipe: recipe, upkeep: options.upkeep, model: shape, heads: heads,
        normalisation: try normalisation
            ?? StudyLoader.normalisation(of: set.train, in: shards, channels: channels),
        data: data, initial: initial?.identity ?? (options.resume ? found?.initial : nil),
        extensions: found?.extensions ?? [])
    guard let found else { return configuration }
    if options.extend != nil {
        (configuration.recipe.epochs, configuration.recipe.warmupEpochs) = (
            found.recipe.epochs, found.recipe.warmupEpochs
        )
    }
    let differences = try configuration.differences(from: found)
    guard differences.isEmpty else {
        throw EchoError(
            "--run", "the folder holds another run: " + differences.joined(separator: "; "),
            try: "name another folder, or give the options of that run")
    }
    return configuration
}

extension RunConfiguration {
    /// The same run with more epochs: from here on by the schedule of the longer run.
    fileprivate func extended(to epochs: Int, after step: Int) throws -> RunConfiguration {
        if epochs == recipe.epochCount { return self }
        guard epochs > recipe.epochCount else {
            throw EchoError(
                "--extend", "the run has \(recipe.epochCount) epochs", try: "give a greater number")
        }
        var longer = self
        longer.extensions.append(Extension(step: step, epochs: recipe.epochCount))
        longer.recipe.epochs = epochs
        return longer
    }
}
