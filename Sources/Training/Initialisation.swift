// Starting from another model's weights: our own, or any with the names of timm's ViTs and the public MAEs.

package import EchoCore
package import Models
package import Shards

/// What became of the tensors of an `--init` file.
package struct InitialReport: Sendable, Equatable {
    package var loaded: [String] = []
    /// Loaded after a change that is said.
    package var adapted: [String] = []
    /// Left at their fresh values: not in the file, or of another shape there.
    package var missing: [String] = [], mismatched: [String] = []
    /// In the file and not in the model; positions, which this model computes, are ignored.
    package var leftOver: [String] = [], ignored: [String] = []

    package var isComplete: Bool { missing.isEmpty && mismatched.isEmpty && leftOver.isEmpty }

    /// One line for each kind that there is, names in full.
    package var text: String {
        let kinds = [
            ("adapted", adapted), ("missing", missing), ("of another shape", mismatched),
            ("left over", leftOver),
            ("ignored", ignored),
        ]
        let lines = kinds.filter { !$0.1.isEmpty }.map {
            "  \($0.0) (\($0.1.count)): " + $0.1.joined(separator: ", ")
        }
        return (["\(loaded.count + adapted.count) tensors loaded"] + lines).joined(separator: "\n")
    }
}

/// How one parameter takes its values from a tensor of another model.
private enum Adaptation {
    case asIs
    case changed(String, ([Float]) -> [Float])

    init?(_ name: String, from found: [Int], to wanted: [Int]) {
        if found == wanted {
            self = .asIs
        } else if name == "mask_token", found == [1, 1] + wanted {
            self = .asIs
        } else if name == "patch_embed.proj.weight", found.count == 4, wanted.count == 4,
            found[1] == 3, wanted[1] == 1, found[0] == wanted[0], found[2...] == wanted[2...]
        {
            let plane = wanted[2] * wanted[3]
            self = .changed("3 input channels summed") { values in
                (0..<wanted[0] * plane).map { place in
                    let at = place / plane * 3 * plane + place % plane
                    return values[at] + values[at + plane] + values[at + 2 * plane]
                }
            }
        } else {
            return nil
        }
    }
}

extension EchoModel {
    /// Takes all that fits from a file; what does not stays fresh and is reported.
    package func initialise(from file: SafetensorsFile) throws(EchoError) -> InitialReport {
        var report = InitialReport()
        for (name, shape) in parameters {
            guard let tensor = file.tensors[name] else {
                report.missing.append(name)
                continue
            }
            switch Adaptation(name, from: tensor.shape, to: shape) {
            case .asIs:
                write(name, try file.floats(name))
                report.loaded.append(name)
            case .changed(let change, let apply):
                write(name, apply(try file.floats(name)))
                report.adapted.append("\(name) \(change)")
            case nil:
                report.mismatched.append("\(name) \(tensor.shape) instead of \(shape)")
            }
        }
        let known = Set(parameters.map(\.name))
        let positions: Set = ["cls_token", "pos_embed", "decoder_pos_embed"]
        for name in file.names where !known.contains(name) {
            if positions.contains(name) { report.ignored.append(name) } else { report.leftOver.append(name) }
        }
        return report
    }
}
