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

    /// mpirun, where `make mpi` has compiled what joins the processes that it starts.
    package static let launcher: URL? = {
        let paths = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let shim = products.appendingPathComponent("libechoprep-mpi.so").path
        guard FileManager.default.fileExists(atPath: shim) else { return nil }
        return paths.map { URL(fileURLWithPath: $0 + "/mpirun") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()

    /// `echoprep` with `arguments`, or so many ranks of it, which may be more than there are processors.
    private static func process(_ arguments: [String], ranks: Int?) -> Process {
        let process = Process()
        let program = products.appendingPathComponent("echoprep")
        process.executableURL = program
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        if let ranks, let launcher {
            process.executableURL = launcher
            process.arguments =
                ["-n", "\(ranks)", "--oversubscribe", "--bind-to", "none", program.path] + arguments
            var environment = ProcessInfo.processInfo.environment
            for name in ["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] {
                environment[name] = "1"
            }
            process.environment = environment
        }
        return process
    }

    /// Starts `echoprep` with `arguments`, or so many ranks of it, and does not wait.
    package static func start(
        _ arguments: [String], ranks: Int? = nil, output: Any? = FileHandle.nullDevice
    ) throws -> Process {
        let process = process(arguments, ranks: ranks)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        return process
    }

    /// Runs `echoprep` with `arguments` to its end.
    package static func run(_ arguments: String...) throws -> Outcome { try run(arguments) }

    /// Runs `echoprep` with `arguments`, or so many ranks of it, to its end, in `folder` where one is given, with
    /// `environment` beside its own.
    package static func run(
        _ arguments: [String], in folder: URL? = nil, ranks: Int? = nil,
        environment: [String: String] = [:]
    ) throws -> Outcome {
        try withTemporaryFolder { temporary in
            let files = ["out", "err"].map { temporary.appendingPathComponent($0) }
            for file in files { try Data().write(to: file) }
            let process = process(arguments, ranks: ranks)
            process.currentDirectoryURL = folder
            if !environment.isEmpty {
                process.environment = (process.environment ?? ProcessInfo.processInfo.environment)
                    .merging(environment) { $1 }
            }
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

    /// Runs a line of bash in `folder`, in which `$echoprep` is the program.
    package static func shell(_ line: String, in folder: URL) throws -> Outcome {
        try withTemporaryFolder { temporary in
            let files = ["out", "err"].map { temporary.appendingPathComponent($0) }
            for file in files { try Data().write(to: file) }
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-c", line]
            process.currentDirectoryURL = folder
            process.environment = ProcessInfo.processInfo.environment.merging([
                "echoprep": products.appendingPathComponent("echoprep").path
            ]) { $1 }
            process.standardOutput = try FileHandle(forWritingTo: files[0])
            process.standardError = try FileHandle(forWritingTo: files[1])
            try process.run()
            process.waitUntilExit()
            let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
            return Outcome(status: process.terminationStatus, output: texts[0], errors: texts[1])
        }
    }
}
