import Catalog
import Compute
import ComputeCPU
import ComputeReference
import EchoCore
import Foundation
import GRDB
import Models
import Runs
import Shards
import StudyData
import Tasks
import Testing
import TestSupport
import Training

/// Training by several ranks, which here are threads; `EchoprepTests` has those of MPI.
@Suite struct RanksTests {
    /// Trains on so many ranks, which all must come to the end.
    @discardableResult
    private func train(_ options: TrainOptions, on count: Int) throws -> TrainSummary {
        if count == 1 { return try Training.train(options) { _ in } }
        let summaries = ThreadRanks.all(count) { ranks in
            var own = options
            own.place.ranks = ranks
            own.place.threads = 1
            return try Training.train(own) { _ in }
        }
        return try summaries.map { try $0.get() }[0]
    }

    private func dataset(_ task: TrainTask, _ folder: URL) throws -> TinyDataset {
        let place = folder.appendingPathComponent("data")
        if task == .lvef { return try EjectionFractionTests.dataset(at: place) }
        let dataset = try TinyDataset(at: place)
        // Of some studies a label is unknown, of one both.
        try Catalog(datasetFolder: dataset.path, readOnly: false).write {
            try $0.execute(
                sql: """
                    UPDATE label SET value = NULL
                    WHERE target = 'I50' AND key IN ('1', '2', '3', '7') OR target = 'K21' AND key IN ('2', '5')
                    """)
        }
        return dataset
    }

    private func small(_ dataset: TinyDataset, _ run: URL, _ task: TrainTask) -> TrainOptions {
        var options = tinyOptions(dataset, run, task: task)
        (options.recipe.views, options.recipe.frames) = (1, 1)
        return options
    }

    @Test(arguments: [TrainTask.pretrain, .icd, .lvef], [2, 3])
    func `fifty steps on several ranks are those of one`(task: TrainTask, count: Int) throws {
        try withTemporaryFolder { folder in
            let dataset = try dataset(task, folder)
            let lines = try [1, count].map { count -> [MetricsLine] in
                let run = folder.appendingPathComponent("on-\(count)")
                var options = small(dataset, run, task)
                // Three steps an epoch, of 4, 4 and 1 study, or of 4 and 3: some ranks have none in the last.
                options.recipe.epochs = 17
                options.recipe.learningRate = 1e-4
                (options.upkeep.picturesEvery, options.upkeep.checkpointEvery) = (0, 1000)
                let summary = try train(options, on: count)
                #expect(summary.steps >= 34)
                return try metrics(run)
            }
            #expect(lines[0].count == lines[1].count)
            for (one, several) in zip(lines[0], lines[1]) {
                #expect(one.step == several.step && one.split == several.split && one.lr == several.lr)
                #expect(abs(one.loss - several.loss) <= 1e-5 * max(1, abs(one.loss)), "step \(one.step)")
                #expect(one.auroc == several.auroc)
            }
        }
    }

    @Test(arguments: [true, false])
    func `a frozen encoder and a step in parts are spread too`(frozen: Bool) throws {
        try withTemporaryFolder { folder in
            let dataset = try dataset(.icd, folder)
            let lines = try [1, 2].map { count -> [MetricsLine] in
                let run = folder.appendingPathComponent("on-\(count)")
                var options = small(dataset, run, .icd)
                options.recipe.frozen = frozen
                options.recipe.accumulate = 4
                options.upkeep.checkpointActivations = !frozen
                try train(options, on: count)
                return try metrics(run)
            }
            for (one, several) in zip(lines[0], lines[1]) { #expect(abs(one.loss - several.loss) <= 1e-5) }
        }
    }

    @Test func `an engine that does one thing at a time sums after the way back`() throws {
        #expect(try !Place(.reference).makeEngine().changesBesideWork)
        try withTemporaryFolder { folder in
            let dataset = try dataset(.icd, folder)
            let lines = try [1, 2].map { count -> [MetricsLine] in
                let run = folder.appendingPathComponent("on-\(count)")
                var options = small(dataset, run, .icd)
                options.place = Place(.reference, threads: 1)
                (options.recipe.batch, options.recipe.epochs) = (9, 1)
                try train(options, on: count)
                return try metrics(run)
            }
            for (one, several) in zip(lines[0], lines[1]) {
                #expect(abs(one.loss - several.loss) <= 1e-6)
                #expect(abs((one.gradNorm ?? 0) - (several.gradNorm ?? 0)) <= 1e-5)
            }
        }
    }

    private func weights(_ run: String) throws -> [String: [UInt8]] {
        let file = try SafetensorsFile(path: RunFolder(run).last)
        return Dictionary(
            uniqueKeysWithValues: try file.names.map { ($0, Array(try file.bytes($0))) })
    }

    /// A run of four epochs on `count` ranks of which one is lost in that sum, and which goes on with `next`.
    @Test(arguments: [UInt64(1), 2])
    func `a run that has lost a rank goes on as if it had not, on other numbers of ranks too`(seed: UInt64)
        throws
    {
        try withTemporaryFolder { folder in
            let dataset = try dataset(.pretrain, folder)
            func options(_ name: String) -> TrainOptions {
                var options = small(dataset, folder.appendingPathComponent(name), .pretrain)
                options.recipe.epochs = 4
                options.upkeep.checkpointEvery = 1
                options.recipe.averageDecay = 0.9
                return options
            }
            func lose(_ options: TrainOptions, in sum: Int) {
                let ends = ThreadRanks.all(2, losingOneIn: sum) { ranks in
                    var own = options
                    own.place.ranks = ranks
                    _ = try Training.train(own) { _ in }
                }
                for end in ends { #expect(throws: EchoError.self) { try end.get() } }
            }
            var random = SeededRandom(seed: seed, "losses")
            let whole = options("whole"), lost = options("lost"), mixed = options("mixed")
            try train(whole, on: 2)
            for _ in 0..<3 { lose(lost, in: 3 + random.below(13)) }
            try train(lost, on: 2)
            #expect(try weights(lost.run) == weights(whole.run))
            #expect(
                try metrics(URL(fileURLWithPath: lost.run)) == metrics(URL(fileURLWithPath: whole.run)))

            // 2, then 1, then 2 ranks.
            lose(mixed, in: 30)
            try train(mixed, on: 1)
            let (one, other) = try (
                metrics(URL(fileURLWithPath: whole.run)), metrics(URL(fileURLWithPath: mixed.run))
            )
            #expect(one.count == other.count)
            for (a, b) in zip(one, other) { #expect(abs(a.loss - b.loss) <= 1e-5) }
            var longer = mixed
            longer.extend = 5
            try train(longer, on: 2)
            #expect(RunProgress(run: longer.run) == .done(epochs: 5))
        }
    }

    @Test func `what all ranks find wrong one of them says, and none goes on`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            /// What each of two ranks says at their common end.
            func ends(_ change: @escaping @Sendable (inout TrainOptions, Int) -> Void) -> [EchoError?] {
                let options = small(dataset, folder.appendingPathComponent("run"), .pretrain)
                let ends = ThreadRanks.all(2) { ranks in
                    var own = options
                    own.place.ranks = ranks
                    change(&own, ranks.rank)
                    _ = try Training.train(own) { _ in }
                }
                return ends.map { end in
                    let error = #expect(throws: AgreedEnd.self) { try end.get() }
                    return error?.error
                }
            }
            let unbegun = ends { options, _ in options.resume = true }
            #expect(unbegun.map(\.?.place) == ["--resume", nil])
            let few = ends { options, _ in options.recipe.batch = 1 }
            #expect(few[0]?.problem == "is the studies of a step on all ranks: 1 are too few for 2")
            let traced = ends { options, _ in options.trace = "trace" }
            #expect(traced.map(\.?.place) == ["--trace", nil])
            // What only one finds wrong, that one says.
            let strangers = ends { options, rank in options.recipe.seed = UInt64(rank) }
            #expect(strangers.map(\.?.problem) == [nil, "rank 1 of 2 sees another than rank 0"])
        }
    }

    @Test func `a run that diverges stops on all ranks, and the first says it`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = small(dataset, folder.appendingPathComponent("run"), .pretrain)
            (options.recipe.learningRate, options.recipe.clip) = (1e30, 1e30)
            let ends = ThreadRanks.all(2) { [options] ranks in
                var own = options
                own.place.ranks = ranks
                _ = try Training.train(own) { _ in }
            }
            let errors = ends.map { end in #expect(throws: AgreedEnd.self) { try end.get() } }
            #expect(errors[0]?.error?.place.hasPrefix("step ") == true && errors[1]?.error == nil)
        }
    }

    @Test func `a checkpoint that cannot be written ends all ranks`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = small(dataset, folder.appendingPathComponent("run"), .pretrain)
            options.upkeep.picturesEvery = 0
            try FileManager.default.createDirectory(
                atPath: RunFolder(options.run).pending, withIntermediateDirectories: true)
            let ends = ThreadRanks.all(2) { [options] ranks in
                var own = options
                own.place.ranks = ranks
                _ = try Training.train(own) { _ in }
            }
            for end in ends { #expect(throws: EchoError.self) { try end.get() } }
        }
    }

    @Test(arguments: [1, 2, 3, 5]) func `predictions do not depend on the number of ranks`(count: Int) throws
    {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = small(dataset, folder.appendingPathComponent("run"), .icd)
            options.recipe.epochs = 1
            try train(options, on: 1)
            let run = options.run
            let alone = try TrainedModel(run: run, place: here).predict(.test, draws: 2)
            let answers = ThreadRanks.all(count) { ranks in
                try TrainedModel(run: run, place: Place(.cpu, threads: 1, ranks: ranks))
                    .predict(.test, draws: 2)
            }
            for answer in answers { #expect(try answer.get() == alone) }
        }
    }

    @Test(arguments: [(10, 4, 1, 2), (9, 4, 4, 3), (16, 16, 2, 4), (3, 16, 1, 8), (7, 3, 3, 2)])
    func `the parts of all ranks make up the steps of one`(
        studies: Int, batch: Int, accumulate: Int, ranks: Int
    ) {
        func plan(_ rank: Int, of ranks: Int) -> BatchPlan {
            BatchPlan(
                studies: studies, batch: batch, accumulate: accumulate, seed: 1, rank: rank, of: ranks)
        }
        func steps(_ plan: BatchPlan) -> [[Int]] {
            let parts = (0..<2 * plan.partsPerEpoch).map { plan.part($0) }
            #expect(parts.count(where: \.endsStep) == 2 * plan.stepsPerEpoch)
            #expect(parts.count(where: \.beginsStep) == 2 * plan.stepsPerEpoch)
            #expect(parts.count(where: \.endsEpoch) == 2)
            #expect(parts.allSatisfy { $0.places.count <= (batch + accumulate - 1) / accumulate })
            return Dictionary(grouping: parts, by: \.step).sorted { $0.key < $1.key }
                .map { $0.value.flatMap { plan.studies(of: $0) } }
        }
        let each = (0..<ranks).map { steps(plan($0, of: ranks)) }
        for (step, whole) in steps(plan(0, of: 1)).enumerated() {
            #expect(each.flatMap { $0[step] } == whole)
            #expect(each.map(\.[step].count).max()! - each.map(\.[step].count).min()! <= 1)
        }
    }
}
