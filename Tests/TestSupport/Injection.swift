// System calls of the built program that fail when a test wants it, by Tests/Faults/inject.c.

package import Foundation

/// A call that fails.
package struct Injection {
    /// The compiled library; nil where there is no C compiler.
    package static let library: String? = {
        let source = Built.repository.appendingPathComponent("Tests/Faults/inject.c").path
        let library = Built.products.appendingPathComponent("libechoprep-inject.so").path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c",
            """
            for compiler in cc clang gcc; do
              "$compiler" -shared -fPIC -O1 '\(source)' -o '\(library).new' 2>/dev/null && exec mv '\(library).new' '\(library)'
            done
            exit 1
            """,
        ]
        do { try process.run() } catch { return nil }
        process.waitUntilExit()
        return process.terminationStatus == 0 ? library : nil
    }()

    package let call: String, code: Int32
    /// The first call that fails, counted from 1, and how many do; -1 for all from there.
    package let at: Int, times: Int
    /// Whose files are meant; "" for all.
    package let under: String

    package init(_ call: String, _ code: Int32, at: Int = 1, times: Int = 1, under: URL? = nil) {
        (self.call, self.code, self.at, self.times) = (call, code, at, times)
        self.under = under.map { $0.resolvingSymlinksInPath().path } ?? ""
    }

    /// What a program is started with.
    ///
    /// - Parameter state: a file that is made for it
    package func environment(state: URL) throws -> [String: String] {
        try Data(count: 16).write(to: state)
        return [
            "LD_PRELOAD": Injection.library ?? "", "FAULT_STATE": state.path, "FAULT_CALL": call,
            "FAULT_ERRNO": "\(code)", "FAULT_AT": "\(at)", "FAULT_TIMES": "\(times)", "FAULT_UNDER": under,
        ]
    }

    /// How many calls failed.
    package static func struck(_ state: URL) throws -> Int {
        try Data(contentsOf: state).dropFirst(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
