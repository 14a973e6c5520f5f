// How much memory this process held at its peak: what bounds it is to be seen by its user.

import Foundation

/// Bytes of memory that this process held at once so far; nil where the system does not say.
package func peakMemory() -> Int? {
    // getrusage would begin with what the process that started this one held.
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
        let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
        let kibibytes = line.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) })
    else { return nil }
    return kibibytes << 10
}
