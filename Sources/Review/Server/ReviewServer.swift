// The server of the page: each address and what answers it (docs/review.md, "The server").

import EchoCore
import Files
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Serves one reading until it is asked to stop.
struct ReviewServer: Sendable {
    let session: ReviewSession
    let access: Access
    let host: String, port: Int

    /// - Parameter running: told the port once the server answers
    /// - Throws: `EchoError` where the address cannot be bound
    func run(running: @escaping @Sendable (Int) async -> Void) async throws {
        // Nothing of a request is written anywhere: addresses hold no names, but errors might.
        let logger = Logger(label: "review") { _ in SwiftLogNoOpLogHandler() }
        let application = Application(
            router: router, configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { channel in await running(channel.localAddress?.port ?? 0) }, logger: logger)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await application.run() }
                group.addTask {
                    while !Interruption.isRequested { try await Task.sleep(for: .milliseconds(100)) }
                }
                try await group.next()
                group.cancelAll()
            }
        } catch is CancellationError {
        } catch let error as IOError {
            throw EchoError(
                "--port", "the address cannot be used: \(String(cString: strerror(error.errnoCode)))",
                try: "another --port, or none for a free one")
        }
    }

    private var router: Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: AccessMiddleware(access: access))
        router.get("/") { _, _ in try PageFile.answer("index.html") }
        router.get("/:file") { _, context in try PageFile.answer(context.parameters.require("file")) }
        addLooks(router)
        addDecisions(router)
        return router
    }

    private func addLooks(_ router: Router<BasicRequestContext>) {
        router.get("/api/session") { _, _ in Response.json(await session.summary) }
        router.get("/api/clips") { request, _ in
            let query = request.uri.queryParameters
            let first = query["from"].flatMap { Int($0) } ?? 0
            let count = query["count"].flatMap { Int($0) } ?? 1000
            return Response.json(await session.clips(from: first, count: min(max(0, count), 2000)))
        }
        router.get("/api/clip/:place/facts") { _, context in
            Response.json(try await session.facts(of: try place(context)))
        }
        router.get("/api/clip/:place/frames") { request, context in
            let query = request.uri.queryParameters
            var range: Range<Int>?
            if let first = query["from"].flatMap({ Int($0) }), first >= 0 {
                let count = query["count"].flatMap { Int($0) } ?? .max
                range = first..<first + min(max(0, count), .max - first)
            }
            return try frames(try place(context), range)
        }
        router.get("/api/clip/:place/source/:frame") { request, context in
            let frame = try context.parameters.require("frame", as: Int.self)
            do throws(EchoError) {
                return Response.bytes(
                    try session.pixels.source(
                        of: session.queue.clips[try place(context)], frame: frame,
                        overlays: request.uri.queryParameters["overlays"] == "1"), "image/png")
            } catch {
                return Response.problem(.notFound, error)
            }
        }
        router.get("/api/clip/:place/predictions") { _, context in
            let place = try place(context)
            guard let model = session.model else {
                return Response.problem(
                    .notFound, EchoError("--run", "is not given", try: "start with --run RUN"))
            }
            guard await session.mayPredict(place) else {
                return Response.problem(
                    .forbidden, EchoError("predictions", "are hidden", try: "reveal them with R"))
            }
            guard var found = try await model.predictions(of: session.queue.clips[place].study) else {
                return Response.problem(.notFound, EchoError("predictions", "the study has no kept clips"))
            }
            for index in found.attention.indices {
                found.attention[index].place = session.queue.places[found.attention[index].name]
            }
            return Response.json(found)
        }
        router.get("/api/sheet/:number") { _, context in
            let number = try context.parameters.require("number", as: Int.self)
            let tiles = ClipPixels.sheetColumns * ClipPixels.sheetColumns
            guard (0...session.queue.clips.count / tiles).contains(number) else {
                return Response.problem(.notFound, EchoError("sheet", "is not one"))
            }
            return Response.bytes(try session.pixels.sheet(number, of: session.queue), "image/png")
        }
        router.get("/api/next") { request, _ in
            let query = request.uri.queryParameters
            let from = query["from"].flatMap { Int($0) } ?? -1, step = query["step"] == "-1" ? -1 : 1
            let known = min(max(-1, from), session.queue.clips.count)
            return Response.json(NextPlace(place: await session.nextUndecided(from: known, step: step)))
        }
        router.get("/api/filter") { request, _ in
            do throws(EchoError) {
                return Response.json(
                    Places(places: try await session.places(PlaceFilter(request.uri.queryParameters))))
            } catch {
                return Response.problem(error.place == "where" ? .forbidden : .badRequest, error)
            }
        }
        router.get("/api/agreement") { _, _ in
            do throws(EchoError) {
                return Response.json(try await session.agreement())
            } catch {
                return Response.problem(error.place == "agreement" ? .forbidden : .internalServerError, error)
            }
        }
    }

    private func addDecisions(_ router: Router<BasicRequestContext>) {
        struct Decisions: Decodable { let decisions: [DecisionRequest] }
        struct Plain: Decodable {
            let request: String
            let place: Int?
            let count: Int?
        }
        router.post("/api/decisions") { request, _ in
            let asked = try await body(request, Decisions.self)
            guard asked.decisions.count <= 10_000 else {
                throw EchoError("decisions", "are more than 10,000 at once")
            }
            let stored = try await session.decide(asked.decisions)
            return Response.json(
                StoredDecisions(
                    decisions: stored.map { .init(request: $0.request, id: $0.id) },
                    decided: await session.decidedCount))
        }
        router.post("/api/undo") { request, _ in
            let asked = try await body(request, Plain.self)
            return try changed(
                await session.undo(request: asked.request, count: try count(asked.count)), "undo")
        }
        router.post("/api/redo") { request, _ in
            let asked = try await body(request, Plain.self)
            return try changed(
                await session.redo(request: asked.request, count: try count(asked.count)), "redo")
        }
        router.post("/api/reveal") { request, _ in
            let asked = try await body(request, Plain.self)
            guard let place = asked.place, session.queue.clips.indices.contains(place) else {
                throw EchoError("reveal", "names a clip that is not there")
            }
            try await session.reveal(place, request: asked.request)
            return Response.json([String: String]())
        }
    }

    /// How many decisions an undo or a redo is of.
    private func count(_ asked: Int?) throws(EchoError) -> Int {
        guard let asked else { return 1 }
        guard (1...10_000).contains(asked) else { throw EchoError("count", "is not 1 to 10,000") }
        return asked
    }

    private func changed(_ change: ChangedPlaces?, _ what: String) throws -> Response {
        guard let change else { return Response.problem(.notFound, EchoError(what, "there is nothing")) }
        return Response.json(change)
    }

    private func body<Body: Decodable>(_ request: Request, _ type: Body.Type) async throws -> Body {
        let bytes = try await request.body.collect(upTo: 8 << 20)
        do {
            return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
        } catch {
            throw EchoError("request", "is not what is asked here")
        }
    }

    private func place(_ context: BasicRequestContext) throws(EchoError) -> Int {
        guard let place = context.parameters.get("place", as: Int.self),
            session.queue.clips.indices.contains(place)
        else { throw EchoError("clip", "is not in this reading") }
        return place
    }

    private func frames(_ place: Int, _ range: Range<Int>?) throws -> Response {
        let shown: ShownFrames
        do throws(EchoError) {
            shown = try session.pixels.frames(of: session.queue.clips[place], range)
        } catch {
            return Response.problem(.notFound, error)
        }
        var headers = HTTPFields()
        for (name, value) in [
            ("X-Frames", shown.count), ("X-Height", shown.height), ("X-Width", shown.width),
            ("X-Channels", shown.channels),
        ] { headers[HTTPField.Name(name)!] = String(value) }
        if !shown.times.isEmpty {
            headers[HTTPField.Name("X-Times")!] = shown.times.map { String(format: "%.4f", $0) }.joined(
                separator: ",")
        }
        if shown.channels == 3, shown.count == 1 {
            // A source picture's surroundings are black; of one frame it is the way that takes time.
            headers[.contentEncoding] = "gzip"
            return Response.bytes(gzip(shown.bytes, level: 1), "application/octet-stream", headers)
        }
        guard let others = shown.others else {
            return Response.bytes(shown.bytes, "application/octet-stream", headers)
        }
        headers[.contentType] = "application/octet-stream"
        let body = ResponseBody { writer in
            try await writer.write(ByteBuffer(bytes: shown.bytes))
            // A file that ends in the middle has fewer frames than it says.
            if let bytes = try? others() { try await writer.write(ByteBuffer(bytes: bytes)) }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }
}

extension PlaceFilter {
    init(_ query: FlatDictionary<Substring, Substring>) throws(EchoError) {
        func text(_ name: Substring) -> String? {
            query[name].map(String.init).flatMap { $0.isEmpty ? nil : $0 }
        }
        if let word = text("state") {
            guard let state = State(rawValue: word) else { throw EchoError("state", "is no such state") }
            self.state = state
        }
        switch text("kept") {
        case nil, "all": break
        case "kept": kept = true
        case "dropped": kept = false
        default: throw EchoError("kept", "is kept, dropped or all")
        }
        field = text("field")
        value = text("value")
        self.text = text("text")
        expression = text("where")
    }
}
