// Everything that decides a model's shape; a checkpoint carries it, and two models of one configuration are alike.

/// The four models: the paper's two, and the same without latent attention.
package enum ModelKind: String, Codable, Sendable, CaseIterable {
    /// Frames are encoded alone; latent attention joins them.
    case lamae
    /// Clips are encoded whole; latent attention joins them.
    case videoLAMAE = "video-lamae"
    /// Frames alone.
    case mae
    /// Clips whole.
    case videoMAE = "video-mae"

    /// Whether the encoder and the decoder see all frames of a view together.
    package var isVideo: Bool { self == .videoLAMAE || self == .videoMAE }
    /// Whether all views of a study meet in the latent-attention module.
    package var hasLatentAttention: Bool { self == .lamae || self == .videoLAMAE }
}

/// Sizes that have a name.
package enum Preset: String, Codable, Sendable, CaseIterable {
    /// For a laptop.
    case tiny
    /// Between the two.
    case small
    /// Table 4 of the paper: 108 million parameters.
    case paper
}

/// The shape of a model.
///
/// With `outputs` of 0 it is for pre-training: encoder, latent attention and decoder. Otherwise it is for fine-tuning:
/// encoder, latent attention and a head of that many outputs, or several that share them.
package struct ModelConfiguration: Codable, Sendable, Equatable {
    package var kind: ModelKind
    /// Pixels of a frame's edge, and of a patch's.
    package var image: Int, patch: Int
    /// 1 for luma, 3 for RGB.
    package var channels: Int
    /// Views and frames of a study's sample. Studies with other numbers of views fit as well.
    package var views: Int, frames: Int
    /// Width, blocks and heads of the encoder.
    package var dim: Int, depth: Int, heads: Int
    /// Blocks and heads of latent attention, whose width is `dim`.
    package var latentDepth: Int, latentHeads: Int
    /// Width, blocks and heads of the decoder.
    package var decoderDim: Int, decoderDepth: Int, decoderHeads: Int
    /// The share of a frame's patches that the encoder does not see in pre-training.
    package var maskRatio: Double
    /// The share of the encoder's tokens that latent attention does not see in pre-training.
    package var latentMaskRatio: Double
    /// What latent attention sees of those tokens. Not of the paper, as are the next two.
    package var latentMasking: LatentMasking
    /// Views of which latent attention sees no token, to be reconstructed from the others: a number, or below 1 a
    /// share of a study's views, then at least one. One view is always seen.
    package var maskViews: Double
    /// Learned queries through which latent attention goes; 0 for attention of all tokens to all.
    package var latentQueries: Int
    /// Whether the pixels to predict are normalised patch by patch.
    package var normPix: Bool
    /// Numbers that the heads predict for a study; 0 in pre-training.
    package var outputs: Int
    /// Of several heads how many of them each predicts; nil for one head.
    package var headOutputs: [Int]?
    /// Whether the head is one linear layer; nil, as in runs from before there was a choice, for the paper's two with
    /// a GELU between them.
    package var linearHead: Bool?
    /// How the head reads a study's tokens; nil, as in runs from before there was a choice, for their mean. What an
    /// attentive one has read goes through one linear layer.
    package var probe: Probe?
    /// The name of the decoder; nil, as in runs from before there was a choice, for the paper's.
    package var decoder: String?

    package init(
        kind: ModelKind, image: Int, patch: Int, channels: Int = 1, views: Int, frames: Int, dim: Int,
        depth: Int,
        heads: Int, latentDepth: Int, latentHeads: Int, decoderDim: Int, decoderDepth: Int, decoderHeads: Int,
        maskRatio: Double = 0.875, latentMaskRatio: Double = 0.25, latentMasking: LatentMasking = .drop,
        maskViews: Double = 0, latentQueries: Int = 0, normPix: Bool = false, outputs: Int = 0
    ) {
        self.kind = kind
        self.image = image
        self.patch = patch
        self.channels = channels
        self.views = views
        self.frames = frames
        self.dim = dim
        self.depth = depth
        self.heads = heads
        self.latentDepth = latentDepth
        self.latentHeads = latentHeads
        self.decoderDim = decoderDim
        self.decoderDepth = decoderDepth
        self.decoderHeads = decoderHeads
        self.maskRatio = maskRatio
        self.latentMaskRatio = latentMaskRatio
        self.latentMasking = latentMasking
        self.maskViews = maskViews
        self.latentQueries = latentQueries
        self.normPix = normPix
        self.outputs = outputs
    }

    /// The sizes called `preset`, for pre-training unless `outputs` is given.
    package static func preset(_ preset: Preset, kind: ModelKind, outputs: Int = 0) -> ModelConfiguration {
        switch preset {
        case .tiny:
            ModelConfiguration(
                kind: kind, image: 112, patch: 14, views: 4, frames: 4, dim: 96, depth: 4, heads: 4,
                latentDepth: 2, latentHeads: 4, decoderDim: 48, decoderDepth: 2, decoderHeads: 3,
                outputs: outputs)
        case .small:
            ModelConfiguration(
                kind: kind, image: 168, patch: 14, views: 4, frames: 8, dim: 288, depth: 6, heads: 6,
                latentDepth: 2, latentHeads: 6, decoderDim: 96, decoderDepth: 3, decoderHeads: 3,
                outputs: outputs)
        case .paper:
            ModelConfiguration(
                kind: kind, image: 224, patch: 14, views: 8, frames: 8, dim: 768, depth: 12, heads: 12,
                latentDepth: 3, latentHeads: 12, decoderDim: 192, decoderDepth: 4, decoderHeads: 3,
                outputs: outputs)
        }
    }

    /// What keeps these sizes from being a model, as a clause for the user; nil if nothing does.
    package var fault: String? {
        let counts = [image, patch, channels, views, frames, dim, depth, heads]
        let decoder = [decoderDim, decoderDepth, decoderHeads]
        if (counts + decoder).contains(where: { $0 < 1 }) { return "a size is below 1" }
        if kind.hasLatentAttention, latentDepth < 1 || latentHeads < 1 { return "a size is below 1" }
        if outputs < 0 { return "the number of outputs is below 0" }
        if let headOutputs, headOutputs.reduce(0, +) != outputs || headOutputs.contains(where: { $0 < 1 }) {
            return "the outputs of its heads are not all of its outputs"
        }
        // What is computed with them stays within what memory can hold, and numbers of tokens within 32 bits.
        let sizes = [image, patch, views, frames, dim, depth, heads, latentDepth, latentHeads] + decoder
        if (sizes + [outputs, latentQueries]).contains(where: { $0 > 1 << 17 }) {
            return "a size is above \(1 << 17)"
        }
        if channels > 64 { return "pixels have more than 64 channels" }
        if (image / patch) * (image / patch) > 1 << 14 { return "a frame has more than \(1 << 14) patches" }
        if frames * patches > 1 << 20 { return "a clip has more than \(1 << 20) tokens" }
        if weightsAtLeast > 1 << 36 { return "the model would have \(weightsAtLeast) weights and more" }
        if image % patch != 0 { return "image \(image) is not a multiple of patch \(patch)" }
        if dim % heads != 0 { return "width \(dim) is not a multiple of \(heads) heads" }
        if kind.hasLatentAttention, dim % latentHeads != 0 {
            return "width \(dim) is not a multiple of \(latentHeads) latent heads"
        }
        if decoderDim % decoderHeads != 0 {
            return "decoder width \(decoderDim) is not a multiple of \(decoderHeads) heads"
        }
        if dim % 4 != 0 || decoderDim % 4 != 0 {
            return "width \(dim) and decoder width \(decoderDim) are not multiples of 4"
        }
        if !(0..<1).contains(latentMaskRatio) { return "the latent mask ratio is not in 0 ..< 1" }
        if !kind.hasLatentAttention, latentMasking != .drop || maskViews != 0 || latentQueries != 0 {
            return "latent masking, masked views and latent queries are for models with latent attention"
        }
        if !(0...64).contains(maskViews) || maskViews > 1 && maskViews != maskViews.rounded() {
            return "masked views are neither a number of views nor a share of them"
        }
        if maskViews > 0, latentMasking == .drop {
            return
                "masked views need latent masking by a token: dropped ones would leave nothing to decode them from"
        }
        guard let decoderKind else { return "there is no decoder \(self.decoder ?? "")" }
        if outputs == 0, let fault = decoderKind.fault(self) { return fault }
        if latentQueries < 0 { return "the number of latent queries is below 0" }
        if !(0..<1).contains(maskRatio) || keptPatches == patches { return "the mask ratio masks no patch" }
        return nil
    }

    /// Fewer weights than the model has: those of its blocks' matrices, of its patches and of its head.
    package var weightsAtLeast: Int {
        let latent = kind.hasLatentAttention ? latentDepth : 0
        return 12 * dim * dim * (depth + latent) + dim * (patchWidth + outputs + latentQueries)
            + (outputs == 0 ? 12 * decoderDim * decoderDim * decoderDepth : 0)
    }

    /// The decoder; nil for a name that is none.
    package var decoderKind: DecoderKind? { decoder.map(DecoderKind.named) ?? .frames }
    /// Patches along an edge of a frame.
    package var gridSide: Int { image / patch }
    /// N: patches in a frame.
    package var patches: Int { gridSide * gridSide }
    /// K: patches of a frame that the encoder sees in pre-training, at least one.
    package var keptPatches: Int { max(1, Int((Double(patches) * (1 - maskRatio)).rounded())) }
    /// Numbers in a patch: patch·patch·channels.
    package var patchWidth: Int { patch * patch * channels }
    /// Numbers in a frame: channels·image·image.
    package var frameSize: Int { channels * image * image }
    /// Views that are hidden from latent attention in pre-training, of a study with `views` views.
    package func hiddenViews(of views: Int) -> Int {
        let wanted = maskViews < 1 ? (Double(views) * maskViews).rounded() : maskViews
        return min(maskViews > 0 ? max(1, Int(wanted)) : 0, views - 1)
    }
    /// L: tokens that latent attention sees in pre-training, of a study with `views` views, at least one.
    package func keptLatents(views: Int) -> Int {
        let tokens = (views - hiddenViews(of: views)) * frames * keptPatches
        return max(1, Int((Double(tokens) * (1 - latentMaskRatio)).rounded()))
    }
}
