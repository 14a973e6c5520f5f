// Learning rates that fall from the head towards the pixels, so that fine-tuning keeps what lies deep.

package import Models

extension ModelConfiguration {
    /// What each parameter's learning rate is multiplied by: `decay` for every block between it and the head.
    ///
    /// As in BEiT and MAE, with the blocks of latent attention above those of the encoder: the patch embedding lies one
    /// below the first block; the head, and the norm before it, one above the last; the norm between encoder and latent
    /// attention with the encoder's last block; what reads and writes latent queries with the first and the last block.
    /// Parameters that are not of a fine-tuned model are not named.
    package func rateFactors(decay: Double, of names: [String]) -> [String: Double] {
        let latent = kind.hasLatentAttention ? latentDepth : 0
        func layer(_ name: String) -> Int? {
            let parts = name.split(separator: ".")
            switch parts[0] {
            case "patch_embed": return 0
            case "blocks": return Int(parts[1]).map { $0 + 1 }
            case "norm": return latent > 0 ? depth : depth + 1
            case "latent_blocks": return Int(parts[1]).map { depth + $0 + 1 }
            case "latent_queries", "latent_read": return depth + 1
            case "latent_write": return depth + latent
            case "latent_norm", "head": return depth + latent + 1
            default: return nil
            }
        }
        var factors: [String: Double] = [:]
        for name in names {
            guard let layer = layer(name) else { continue }
            factors[name] = (layer..<depth + latent + 1).reduce(1.0) { factor, _ in factor * decay }
        }
        return factors
    }
}
