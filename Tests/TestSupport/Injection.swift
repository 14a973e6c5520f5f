// System calls of the built program that fail when a test wants it, by Tests/Faults/inject.c.

package import Foundation

/// A call that fails.
package struct Injection {
    /// The compiled library; nil where there is no C compiler.
    package static let library = ["cc", "clang", "gcc"].lazy.compactMap {
        StandIn.compiled("Tests/Faults/inject.c", by: [$0, "-O1"])
    }.first

    package let call: String, code: Int32
    /// The first call that fails, counted from 1, and how many do; -1 for all from there.
    package let at: Int, times: Int
    /// Whose files are meant; "" for all.
    package let under: String

    package init(_ call: String, _ code: Int32, at: Int = 1, times: Int = 1, under: URL? = nil) {
        (self.call, self.code, self.at, self.times) = (call, code, at, times)
        self.under = under.map { $0.resolvingSymlinksInPath().path } ?? ""
    }

    /// Memory that is not there when a library asks for it.
    package init(memoryOf library: String, at: Int) {
        (call, code, self.at, times, under) = ("memory", ENOMEM, at, 1, library)
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
