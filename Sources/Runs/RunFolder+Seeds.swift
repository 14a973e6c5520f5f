// The runs of several seeds in one folder.

import Foundation

extension RunFolder {
    package static let prefix = "seed-"

    /// The runs in a folder: the folder itself, or, if it is one of several seeds, those of its seeds in their order.
    package static func runs(in folder: String) -> [String] {
        guard !FileManager.default.fileExists(atPath: RunFolder(folder).config) else { return [folder] }
        let seeds = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap {
            $0.hasPrefix(prefix) ? UInt64($0.dropFirst(prefix.count)) : nil
        }
        return seeds.isEmpty ? [folder] : seeds.sorted().map { "\(folder)/\(prefix)\($0)" }
    }
}
