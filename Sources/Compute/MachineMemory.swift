// How much memory this process may still take: what the machine has left, and what its control groups allow.

import Foundation

/// Reads Linux's accounts of memory.
package struct MachineMemory {
    private let text: (_ path: String) -> String?

    /// - Parameter text: the content of a file; nil if there is none
    package init(text: @escaping (String) -> String? = { try? String(contentsOfFile: $0, encoding: .utf8) }) {
        self.text = text
    }

    /// Bytes that can be taken without swapping or being killed; nil where nothing says.
    package var available: Int? {
        let machine = text("/proc/meminfo").flatMap { field("MemAvailable:", in: $0) }.map { $0 << 10 }
        return ([machine].compactMap { $0 } + groups).min()
    }

    /// What is left in each control group that the process is in and in those above it; versions 2 and 1.
    private var groups: [Int] {
        (text("/proc/self/cgroup") ?? "").split(separator: "\n").flatMap { line -> [Int] in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return [] }
            switch parts[1] {
            case "":
                return left(
                    from: parts[2], in: "/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file")
            case "memory":
                return left(
                    from: parts[2], in: "/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                    "memory.usage_in_bytes",
                    "total_inactive_file")
            default: return []
            }
        }
    }

    /// A limit less what is used, files that nobody uses aside, in the group at `path` and in all that hold it.
    private func left(
        from path: Substring, in root: String, _ limit: String, _ usage: String, _ reclaimable: String
    ) -> [Int] {
        let parts = path.split(separator: "/")
        return (0...parts.count).compactMap { depth in
            let folder = ([root[...]] + parts.prefix(depth)).joined(separator: "/")
            guard let limit = text("\(folder)/\(limit)").flatMap(number),
                let used = text("\(folder)/\(usage)").flatMap(number)
            else { return nil }
            let files = text("\(folder)/memory.stat").flatMap { field(reclaimable, in: $0) } ?? 0
            return max(0, limit - used + files)
        }
    }

    /// The number of a file that holds one; nil for "max".
    private func number(_ text: String) -> Int? { Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) }

    /// The number that follows `name` at the beginning of a line.
    private func field(_ name: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count > 1, words[0] == name { return Int(words[1]) }
        }
        return nil
    }
}
