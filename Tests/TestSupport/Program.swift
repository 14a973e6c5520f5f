// The built program, exercised as a user would.

package import Foundation

/// What a finished program left behind.
package struct Outcome: Sendable {
    package let status: Int32
    package let output: String
    package let errors: String
}

/// The repository's root, and the programs that were built beside the tests.
package enum Built {
    package static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The folder of the built products: the one in which the running test bundle lies.
    package static let products: URL = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        if let bundle { return URL(fileURLWithPath: bundle).deletingLastPathComponent() }
        return URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    }()

    /// Starts `echoprep` with `arguments` and does not wait.
    package static func start(_ arguments: [String], output: Any? = FileHandle.nullDevice) throws -> Process {
        let process = Process()
        process.executableURL = products.appendingPathComponent("echoprep")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        return process
    }

    /// Runs `echoprep` with `arguments` to its end.
    package static func run(_ arguments: String...) throws -> Outcome { try run(arguments) }

    /// Runs `echoprep` with `arguments` to its end, in `folder` where one is given, with `environment` beside its own.
    package static func run(
        _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:]
    ) throws -> Outcome {
        try withTemporaryFolder { temporary in
            let files = ["out", "err"].map { temporary.appendingPathComponent($0) }
            for file in files { try Data().write(to: file) }
            let process = Process()
            process.executableURL = products.appendingPathComponent("echoprep")
            process.arguments = arguments
            process.currentDirectoryURL = folder
            if !environment.isEmpty {
                process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = try FileHandle(forWritingTo: files[0])
            process.standardError = try FileHandle(forWritingTo: files[1])
            try process.run()
            process.waitUntilExit()
            func text(_ file: URL) throws -> String {
                String(decoding: try Data(contentsOf: file), as: UTF8.self)
            }
            return Outcome(
                status: process.terminationStatus, output: try text(files[0]), errors: try text(files[1]))
        }
    }
}
