// In which numbers the products of linear layers are computed.

/// What the products of linear layers are made of.
package enum Precision: String, Codable, Sendable, CaseIterable {
    case f32
    /// Factors in BF16, sums in F32. Weights, norms, softmax, losses and the optimiser stay in F32.
    case bf16
}
