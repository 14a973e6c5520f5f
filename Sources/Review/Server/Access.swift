// Who may ask: the holder of the token, from the page itself, under the name that the page was opened by.

import EchoCore
import Foundation
import HTTPTypes
import Hummingbird

/// The rules by which a request is let in.
struct Access: Sendable {
    /// 256 random bits, as they stand in the address's fragment.
    let token: String
    /// Names under which the server may be asked, without port; any port, since a tunnel has its own.
    let hosts: Set<String>

    static func newToken() -> String {
        var random = SystemRandomNumberGenerator()
        return (0..<4).map { _ in zeroPadded(random.next(), 16, radix: 16) }.joined()
    }

    /// What is wrong with a request; nil if nothing is.
    ///
    /// A page on another site that had its name point at this machine still sends its own name as `Host`, and one that asks
    /// from elsewhere sends its `Origin`.
    func refusal(_ request: Request) -> (HTTPResponse.Status, String)? {
        guard let host = request.head.authority, hosts.contains(Access.name(host)) else {
            return (.misdirectedRequest, "the server is not asked by that name")
        }
        if let origin = request.headers[.origin], origin != "http://\(host)" {
            return (.forbidden, "only the page itself may ask")
        }
        if let site = request.headers[HTTPField.Name("Sec-Fetch-Site")!],
            !["same-origin", "none"].contains(site)
        {
            return (.forbidden, "only the page itself may ask")
        }
        guard request.uri.path.hasPrefix("/api/") else { return nil }
        guard let given = request.headers[.authorization], given.hasPrefix("Bearer "),
            Access.isEqual(given.dropFirst(7).utf8, token.utf8)
        else { return (.unauthorized, "the token is missing or wrong: open the address that was printed") }
        return nil
    }

    /// A host without its port.
    static func name(_ authority: String) -> String {
        if authority.hasPrefix("[") { return String(authority.prefix { $0 != "]" }) + "]" }
        return String(authority.prefix { $0 != ":" }).lowercased()
    }

    /// Takes as long wherever the first difference is.
    private static func isEqual(_ a: Substring.UTF8View, _ b: String.UTF8View) -> Bool {
        a.count == b.count && zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// Lets requests in by `Access`, and says on every answer what a page may do.
struct AccessMiddleware<Context: RequestContext>: RouterMiddleware {
    let access: Access

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        if let (status, problem) = access.refusal(request) {
            response = .problem(status, EchoError("review", problem))
        } else {
            do {
                response = try await next(request, context)
            } catch let error as EchoError {
                response = .problem(.badRequest, error)
            } catch let error as any HTTPResponseError {
                response = .problem(error.status, EchoError("request", "cannot be answered"))
            } catch {
                response = .problem(.internalServerError, EchoError("review", "the answer failed"))
            }
        }
        for (name, value) in Self.headers { response.headers[name] = value }
        return response
    }

    private static var headers: [(HTTPField.Name, String)] {
        [
            (
                .contentSecurityPolicy,
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
                    + "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
            ),
            (.xContentTypeOptions, "nosniff"),
            (HTTPField.Name("Referrer-Policy")!, "no-referrer"),
            (HTTPField.Name("Cross-Origin-Opener-Policy")!, "same-origin"),
            (HTTPField.Name("Cross-Origin-Resource-Policy")!, "same-origin"),
            (.cacheControl, "no-store"),
        ]
    }
}

extension Response {
    /// An error as the page shows it.
    static func problem(_ status: HTTPResponse.Status, _ error: EchoError) -> Response {
        struct Problem: Encodable {
            let error: String
            let `try`: String?
        }
        return .json(
            Problem(error: printable("\(error.place): \(error.problem)"), try: error.remedy.map(printable)),
            status: status)
    }

    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        let data = (try? encoder.encode(value)) ?? Data("{}".utf8)
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }

    static func bytes(_ bytes: some Sequence<UInt8>, _ type: String, _ headers: HTTPFields = [:]) -> Response
    {
        var headers = headers
        headers[.contentType] = type
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
