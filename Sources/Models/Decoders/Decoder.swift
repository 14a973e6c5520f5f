// From tokens back to pixels: what pre-training asks of a model, and the list of ways to do it.

import Compute

/// The tokens that a decoder starts from, and what they are tokens of.
struct DecoderInput {
    /// [tokens, dim].
    let tokens: Tensor
    /// The place of each token among the patches of all frames.
    let places: [Int32]
    /// The views of each study.
    let viewCounts: [Int]
    /// Whether what blocks make is computed again on the way back.
    let again: Bool
}

/// Predicts the pixels of all patches of all frames, those of hidden ones among them.
protocol Decoder {
    /// [ΣV · T · N, patch · patch · channels].
    func callAsFunction(_ input: DecoderInput, on tape: Tape) -> Tensor
}

/// A way from tokens to pixels: a line in the list of those that there are.
package struct DecoderKind: Sendable {
    /// What `--decoder` calls it.
    package let name: String
    /// One line for people.
    package let summary: String
    /// What keeps a configuration from having it, as a clause for the user; nil if nothing does.
    let fault: @Sendable (ModelConfiguration) -> String?
    let make: @Sendable (ModelConfiguration, inout ParameterList) -> any Decoder

    init(
        _ name: String, _ summary: String,
        fault: @escaping @Sendable (ModelConfiguration) -> String? = { _ in nil },
        make: @escaping @Sendable (ModelConfiguration, inout ParameterList) -> any Decoder
    ) {
        self.name = name
        self.summary = summary
        self.fault = fault
        self.make = make
    }

    /// All decoders; the first is the paper's.
    package static let all: [DecoderKind] = [
        .frames,
        .study,
    ]

    /// The decoder of that name; nil if there is none.
    package static func named(_ name: String) -> DecoderKind? { all.first { $0.name == name } }
}

extension DecoderKind {
    /// A mask token stands for each hidden patch of a frame, or of a clip, and attends to what is seen of it.
    static let frames = DecoderKind(
        "frames", "fills in each frame, or each clip, from its own tokens (the paper's)"
    ) {
        FrameDecoder($0, in: &$1)
    }
}

/// The paper's decoder, MAE's.
private struct FrameDecoder: Decoder {
    private let parts: DecoderParts
    private let configuration: ModelConfiguration

    init(_ c: ModelConfiguration, in list: inout ParameterList) {
        parts = DecoderParts(c, in: &list)
        configuration = c
    }

    func callAsFunction(_ input: DecoderInput, on tape: Tape) -> Tensor {
        let c = configuration, frames = input.viewCounts.reduce(0, +) * c.frames
        let filled = parts.filled(input, on: tape)
        return parts.pixels(
            filled, segments: c.sequences(frames: frames, perFrame: c.patches), again: input.again, on: tape)
    }
}

/// What decoders are made of: a mask token for what is hidden, blocks, and pixels out of their tokens.
struct DecoderParts {
    private let embed: Linear, maskToken: Tensor, blocks: [Block], norm: LayerNorm, predict: Linear
    private let places: PlaceTables
    private let configuration: ModelConfiguration

    init(_ c: ModelConfiguration, in list: inout ParameterList) {
        embed = Linear("decoder_embed", c.dim, c.decoderDim, in: &list)
        maskToken = list.normal("mask_token", [c.decoderDim], deviation: 0.02)
        blocks = Block.stack(
            "decoder_blocks", depth: c.decoderDepth, width: c.decoderDim, heads: c.decoderHeads, in: &list)
        norm = LayerNorm("decoder_norm", c.decoderDim, in: &list)
        predict = Linear("decoder_pred", c.decoderDim, c.patchWidth, in: &list)
        places = PlaceTables(c, width: c.decoderDim, on: list.engine)
        configuration = c
    }

    /// A token of the decoder's width for every patch of every frame, with its place: the encoder's where there is one, else
    /// the mask token.
    ///
    /// - Parameter withheld: views of which no token is taken, by their place among all
    func filled(_ input: DecoderInput, withholding withheld: Set<Int> = [], on tape: Tape) -> Tensor {
        let c = configuration, perView = c.frames * c.patches
        var slots = [Int32](repeating: -1, count: input.viewCounts.reduce(0, +) * perView)
        for (token, place) in input.places.enumerated() where !withheld.contains(Int(place) / perView) {
            slots[Int(place)] = Int32(token)
        }
        let filled = tape.gather(embed(input.tokens, on: tape), tape.engine.rows(slots), filler: maskToken)
        places.addSpace(to: filled, at: slots.indices.map { Int32($0) }, on: tape)
        places.addTime(to: filled, perFrame: c.patches, on: tape)
        return filled
    }

    /// The pixels that tokens stand for after they have attended to each other.
    ///
    /// - Parameter segments: the lengths of the sequences that attend to themselves
    func pixels(_ tokens: Tensor, segments: [Int], again: Bool, on tape: Tape) -> Tensor {
        let decoded = blocks.run(tokens, segments: segments, again: again, on: tape)
        return predict(norm(decoded, for: .factors, on: tape), on: tape)
    }
}
