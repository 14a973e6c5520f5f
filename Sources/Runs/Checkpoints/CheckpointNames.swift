// The names that other programs give to the weights of a vision transformer, turned into ours.

/// Names of timm and of MAE are ours already; those of VideoMAE and of Hugging Face's transformers, as its releases 4 and 5
/// write them, are turned.
enum CheckpointNames {
    /// What stands before all names of a model that was saved as a part of another.
    private static let wrappers = ["module.", "model.", "vit.", "videomae."]

    /// How a name begins: theirs, and ours. The first that fits is taken.
    private static let beginnings = [
        ("embeddings.patch_embeddings.projection.", "patch_embed.proj."),
        ("embeddings.position_embeddings", "pos_embed"),
        ("embeddings.", ""),
        ("encoder.layer.", "blocks."),
        ("layers.", "blocks."),
        ("layernorm.", "norm."),
        ("encoder_to_decoder.", "decoder_embed."),
        ("decoder.decoder_layers.", "decoder_blocks."),
        // As transformers 5 writes what it calls decoder_layers.
        ("decoder.decoder_encoder.layer.", "decoder_blocks."),
        ("decoder.blocks.", "decoder_blocks."),
        ("decoder.norm.", "decoder_norm."),
        ("decoder.head.", "decoder_pred."),
        ("decoder.", ""),
        ("encoder.", ""),
    ]

    /// What follows the number of a block. The first that fits is taken.
    private static let parts = [
        (".attention.attention.query.", ".attn.q."),
        (".attention.attention.key.", ".attn.k."),
        (".attention.attention.value.", ".attn.v."),
        (".attention.q_proj.", ".attn.q."),
        (".attention.k_proj.", ".attn.k."),
        (".attention.v_proj.", ".attn.v."),
        (".attention.o_proj.", ".attn.proj."),
        (".attention.attention.q_bias", ".attn.q.bias"),
        (".attention.attention.v_bias", ".attn.v.bias"),
        (".attn.q_bias", ".attn.q.bias"),
        (".attn.v_bias", ".attn.v.bias"),
        (".attention.output.dense.", ".attn.proj."),
        (".intermediate.dense.", ".mlp.fc1."),
        (".output.dense.", ".mlp.fc2."),
        (".layernorm_before.", ".norm1."),
        (".layernorm_after.", ".norm2."),
    ]

    /// Our name for a tensor of a checkpoint; its own where we know no other.
    ///
    /// Queries, keys and values that are apart become `attn.q`, `attn.k` and `attn.v`.
    static func ours(_ name: String) -> String {
        var name = name[...]
        while let wrapper = wrappers.first(where: { name.hasPrefix($0) }) {
            name = name.dropFirst(wrapper.count)
        }
        if let (theirs, ours) = beginnings.first(where: { name.hasPrefix($0.0) }) {
            name = ours + name.dropFirst(theirs.count)
        }
        if let (theirs, ours) = parts.first(where: { name.contains($0.0) }) {
            name.replace(theirs, with: ours)
        }
        return String(name)
    }
}
