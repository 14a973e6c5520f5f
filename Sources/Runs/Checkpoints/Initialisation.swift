// Starting from another model's weights: our own, timm's ViTs, MAE's or VideoMAE's.

package import EchoCore
import Foundation
package import Models
package import Shards

extension EchoModel {
    /// Takes all that fits from a file; what does not stays fresh and is reported.
    package func initialise(from file: SafetensorsFile) throws(EchoError) -> InitialReport {
        let source = ForeignWeights(file)
        var report = InitialReport()
        var used: Set<String> = []
        for (name, shape) in parameters {
            guard let found = try source.tensor(name, like: shape) else {
                report.missing.append(name)
                continue
            }
            used.formUnion(found.names)
            if found.shape != shape {
                report.mismatched.append("\(name) \(found.shape) instead of \(shape)")
            } else {
                write(name, found.values)
                let change = found.changes.joined(separator: ", ")
                if change.isEmpty {
                    report.loaded.append(name)
                } else {
                    report.adapted.append("\(name) \(change)")
                }
            }
        }
        let positions: Set = ["cls_token", "pos_embed", "decoder_pos_embed"]
        for name in file.names where !used.contains(name) {
            if positions.contains(CheckpointNames.ours(name)) {
                report.ignored.append(name)
            } else {
                report.leftOver.append(name)
            }
        }
        report.warnings = warnings(file, leftOver: report.leftOver)
        return report
    }

    /// What the tensors that fit do not tell.
    private func warnings(_ file: SafetensorsFile, leftOver: [String]) -> [String] {
        var found: [String] = []
        let c = configuration
        let strange = leftOver.filter { name in
            let parts = CheckpointNames.ours(name).split(separator: ".")
            return parts.count > 2 && parts[0] == "blocks" && Int(parts[1]).map { $0 < c.depth } == true
        }
        if let first = strange.first {
            found.append(
                "the file's blocks have layers that this model lacks, as \(brief(first)): features will differ"
            )
        }
        if let other = file.metadata["config"].flatMap({ try? RunConfiguration(json: Data($0.utf8)) })?.model,
            (other.heads, other.latentHeads, other.decoderHeads) != (c.heads, c.latentHeads, c.decoderHeads)
        {
            found.append("the file's model divides the same widths into other heads: features will differ")
        }
        return found
    }
}

/// The tensors of a checkpoint under our names, and those that can be made of them.
private struct ForeignWeights {
    private let file: SafetensorsFile
    /// Our names to the file's.
    private let names: [String: String]

    init(_ file: SafetensorsFile) {
        self.file = file
        names = Dictionary(file.names.map { (CheckpointNames.ours($0), $0) }) { first, _ in first }
    }

    /// Numbers on their way into a parameter, the tensors that they are from, and what was done to them.
    struct Found {
        var names: [String], shape: [Int], values: [Float], changes: [String] = []
    }

    /// What the file has for a parameter, brought to its shape if there is a way; nil if it has nothing.
    func tensor(_ name: String, like shape: [Int]) throws(EchoError) -> Found? {
        var candidate = try read(name)
        if candidate == nil { candidate = try joined(name) }
        if candidate == nil { candidate = try poolNorm(name) }
        guard var found = candidate else { return nil }
        if name == "patch_embed.proj.weight" { embedding(&found, like: shape) }
        if name == "mask_token", found.shape == [1, 1] + shape { found.shape = shape }
        try foldLayerScale(into: &found, of: name)
        return found
    }

    private func read(_ name: String) throws(EchoError) -> Found? {
        guard let theirs = names[name], let info = file.tensors[theirs] else { return nil }
        return Found(names: [theirs], shape: info.shape, values: try file.floats(theirs))
    }

    /// Queries, keys and values that lie apart; keys may lack a bias, which softmax would cancel.
    private func joined(_ name: String) throws(EchoError) -> Found? {
        guard let range = name.range(of: ".attn.qkv.") else { return nil }
        let (block, kind) = (name[..<range.lowerBound], name[range.upperBound...])
        guard let q = try read("\(block).attn.q.\(kind)"), let v = try read("\(block).attn.v.\(kind)") else {
            return nil
        }
        let k = try read("\(block).attn.k.\(kind)")
        guard !q.shape.isEmpty, q.shape == v.shape, k == nil ? kind == "bias" : k?.shape == q.shape else {
            return nil
        }
        return Found(
            names: q.names + (k?.names ?? []) + v.names, shape: [3 * q.shape[0]] + q.shape.dropFirst(),
            values: q.values + (k?.values ?? [Float](repeating: 0, count: q.values.count)) + v.values,
            changes: [
                k == nil
                    ? "joined of queries, zeros for keys, and values" : "joined of queries, keys and values"
            ])
    }

    /// The last norm of models that take it after the mean over tokens.
    private func poolNorm(_ name: String) throws(EchoError) -> Found? {
        guard name.hasPrefix("norm."), var found = try read("fc_" + name) else { return nil }
        found.changes.append("from fc_norm, which stood behind the mean over tokens")
        return found
    }

    /// A patch embedding over several frames is summed to what it makes of a picture that stands still, one over
    /// three channels to what it makes of a gray picture.
    private func embedding(_ found: inout Found, like shape: [Int]) {
        /// Sums over one axis.
        func sum(axis: Int) {
            let inner = found.shape[(axis + 1)...].reduce(1, *), count = found.shape[axis]
            var sums = [Float](repeating: 0, count: found.values.count / max(count, 1))
            for (place, value) in found.values.enumerated() {
                sums[place / (inner * count) * inner + place % inner] += value
            }
            found.values = sums
        }
        if found.shape.count == 5 {
            found.changes.append("\(found.shape[2]) frames summed")
            sum(axis: 2)
            found.shape.remove(at: 2)
        }
        if found.shape.count == 4, shape.count == 4, found.shape[1] == 3, shape[1] == 1 {
            found.changes.append("3 input channels summed")
            sum(axis: 1)
            found.shape[1] = 1
        }
    }

    /// LayerScale (Touvron et al. 2021) multiplies what a block's layers add; here the layers are multiplied.
    private func foldLayerScale(into found: inout Found, of name: String) throws(EchoError) {
        for (layer, scale) in [(".attn.proj.", ".ls1.gamma"), (".mlp.fc2.", ".ls2.gamma")] {
            guard let range = name.range(of: layer),
                let gamma = try read("\(name[..<range.lowerBound])\(scale)"),
                !gamma.values.isEmpty, gamma.shape == Array(found.shape.prefix(1))
            else { continue }
            let width = found.values.count / gamma.values.count
            for i in found.values.indices { found.values[i] *= gamma.values[i / width] }
            found.names += gamma.names
            found.changes.append("times \(scale.dropFirst())")
        }
    }
}
