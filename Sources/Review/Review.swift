// `echoprep review`: opens a dataset for one rater and serves the page.

import Catalog
import Dispatch
import EchoCore
import Foundation
import Synchronization

/// What `echoprep review` is asked to do.
package struct ReviewOptions: Sendable {
    package let dataset: String
    package var reading: ReadingOptions
    /// A YAML file; nil for the form that the program carries.
    package var form: String?
    /// Another file of decisions than the dataset's.
    package var file: String?
    package var host = "127.0.0.1", port = 0

    package init(dataset: String, reading: ReadingOptions) {
        self.dataset = dataset
        self.reading = reading
    }
}

/// Serves the page until it is interrupted, while the caller's thread waits.
///
/// - Parameters:
///   - model: a run whose predictions are shown
///   - address: told where the page is, with its token
/// - Throws: `EchoError` where there is nothing to look at, or the address is taken
package func serveReview(
    _ options: ReviewOptions, model: ReviewModel?, address: @escaping @Sendable (_ url: String) -> Void
) throws {
    let ended = DispatchSemaphore(value: 0)
    let outcome = Mutex<Result<Void, any Error>>(.success(()))
    Task.detached {
        do {
            try await serve(options, model, address)
        } catch {
            outcome.withLock { $0 = .failure(error) }
        }
        ended.signal()
    }
    ended.wait()
    try outcome.withLock { $0 }.get()
}

private func serve(
    _ options: ReviewOptions, _ model: ReviewModel?, _ address: @escaping @Sendable (_ url: String) -> Void
) async throws {
    let catalog = try Catalog(datasetFolder: options.dataset, where: options.reading.filter)
    let form = try ReviewForm(file: options.form)
    let files = try ReviewQueue.files(catalog, options.reading.clips)
    guard !files.isEmpty else {
        throw EchoError(
            "DATASET",
            "has no clip to look at\(options.reading.filter == nil ? "" : " for which --where is true")",
            try: "run echoprep ingest on it, or choose others")
    }
    let store = try ReviewStore(dataset: options.dataset, file: options.file, readOnly: false)
    let drawn = try await order(files, options.reading, store, model)
    let reading = try store.reading(options.reading, form: form)
    let byName = Dictionary(files.map { ($0.name, $0) }) { first, _ in first }
    let assigned = try store.assigned(reading, drawn: drawn.map(\.name)).compactMap { byName[$0] }
    let session = try ReviewSession(
        catalog: catalog, store: store, form: form, reading: reading, queue: ReviewQueue(assigned),
        model: model)
    let access = Access(
        token: Access.newToken(), hosts: ["127.0.0.1", "localhost", "[::1]", options.host.lowercased()])
    let server = ReviewServer(session: session, access: access, host: options.host, port: options.port)
    try await server.run { port in
        let name = options.host.contains(":") ? "[\(options.host)]" : options.host
        address("http://\(name):\(port)/#token=\(access.token)")
    }
}

private func order(
    _ files: [QueuedClip], _ options: ReadingOptions, _ store: ReviewStore, _ model: ReviewModel?
) async throws -> [QueuedClip] {
    switch options.queue {
    case .order: return files
    case .random: return ReviewQueue.shuffled(files, seed: options.seed, rater: options.rater)
    case .raters:
        let differing = try store.differing()
        let chosen = files.filter { differing.contains($0.name) || differing.contains($0.study) }
        guard !chosen.isEmpty else { throw EchoError("--queue raters", "raters differ on no clip") }
        return chosen
    case .uncertain, .model:
        guard let model else {
            throw EchoError("--queue \(options.queue.rawValue)", "needs a model", try: "add --run RUN")
        }
        let progress = Progress("predict", total: model.studyCount, unit: "studies")
        let ranks = try await model.ranks(options.queue) { progress.update($0) }
        progress.finish(ranks.count)
        return ReviewQueue.ordered(files, by: ranks)
    }
}
