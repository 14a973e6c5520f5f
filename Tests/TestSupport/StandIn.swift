// Libraries that stand in for what only a card has, compiled once by the machine's own compiler.

import Foundation

/// Paths of libraries; nil where there is no compiler.
package enum StandIn {
    /// NCCL's interface, between the threads of a process.
    package static let collective = compiled("Tests/Collective/collective.c", by: ["cc", "-O1"])
    /// The kernels that a card compiles, as code of a host.
    package static let fused = compiled(
        "Tests/Fused/host.cpp", by: ["c++", "-std=c++20", "-O2", "-Wall", "-Werror"])

    /// - Parameters:
    ///   - source: below the repository
    ///   - compiler: with its options
    static func compiled(_ source: String, by compiler: [String]) -> String? {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "echoprep-stand-in-\(getpid())")
        let source = Built.repository.appendingPathComponent(source)
        let out = folder.appendingPathComponent("lib\(source.deletingPathExtension().lastPathComponent).so")
            .path
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = compiler + ["-shared", "-fPIC", source.path, "-o", out, "-lpthread"]
        guard (try? process.run()) != nil else { return nil }
        process.waitUntilExit()
        return process.terminationStatus == 0 ? out : nil
    }
}
