// Why a clip was kept or dropped: the figure of each rule beside its threshold, out of its row.

package import Catalog
import EchoCore
import Foundation

/// What one rule saw of a clip.
package struct ClipFigure: Sendable, Codable, Equatable {
    package let name: String
    package let value: String
    /// What the rule compares it with, in words; nil where nothing depends on it.
    package let threshold: String?
    /// Whether it speaks for keeping the clip.
    package let passed: Bool?

    /// The figures of a row, in the order in which the rules are asked; what was not measured is not there.
    package static func all(of row: ClipRecord) -> [ClipFigure] {
        var figures: [ClipFigure] = []
        func add(_ name: String, _ value: String?, _ threshold: String? = nil, _ passed: Bool? = nil) {
            guard let value else { return }
            figures.append(ClipFigure(name: name, value: value, threshold: threshold, passed: passed))
        }
        add(
            "frames", row.sourceFrames.map(grouped), "fewer than 2: still",
            row.sourceFrames.map { $0 >= 2 })
        if let width = row.width, let height = row.height { add("picture", "\(width) × \(height)") }
        add("tags say", row.tagKind?.rawValue ?? "nothing")
        if let regions = row.regions {
            add("regions", regions.isEmpty ? "none" : grouped(regions.count))
        }
        add("sector", row.maskShare.map { "\(percent($0)) of the picture" })
        add(
            "colour", row.colourShare.map { "\(percent($0)) of the lit pixels" },
            "2 % and more: doppler, 0.5 %: uncertain", row.colourShare.map { $0 < 0.005 })
        add(
            "neutral", row.neutralShare.map { "\(percent($0)) of the bright pixels" }, "under 20 %: tinted",
            row.neutralShare.map { $0 >= 0.2 })
        add(
            "beside the tint", row.residualShare.map { "\(percent($0)) of the lit pixels" }, "3 %: doppler",
            row.residualShare.map { $0 < 0.03 })
        if let top = row.boxTop, let left = row.boxLeft, let height = row.boxHeight, let width = row.boxWidth
        {
            add("crop", "\(width) × \(height) at \(left), \(top)")
        }
        add("flags", row.flags.isEmpty ? nil : row.flags)
        return figures
    }

    /// The value, with the threshold in brackets.
    package var text: String { threshold.map { "\(value) (\($0))" } ?? value }

    private static func percent(_ share: Double) -> String { String(format: "%.2f %%", 100 * share) }
}
