// From pixels to tokens: a vision transformer over each frame alone, or over each clip whole.

import Compute

/// Where a token stands in space and time, as sines and cosines that are added to it.
struct PlaceTables {
    /// [patches, width] and [frames, width].
    private let space: Buffer, time: Buffer
    private let patches: Int, frames: Int

    init(_ c: ModelConfiguration, width: Int, on engine: any Engine) {
        func table(_ values: [Float]) -> Buffer {
            let buffer = engine.allocate(values.count, for: .weights)
            engine.write(values, to: buffer)
            return buffer
        }
        space = table(spaceTable(side: c.gridSide, width: width))
        time = table(sineCosine(Array(0..<c.frames), width: width))
        (patches, frames) = (c.patches, c.frames)
    }

    /// - Parameter place: the patch of each token, or its place among the patches of all frames
    func addSpace(to tokens: Tensor, at place: [Int32], on tape: Tape) {
        let index = place.map { $0 % Int32(patches) }
        tape.addRows(of: space, at: tape.engine.rows(index), to: tokens)
    }

    /// - Parameter perFrame: tokens of a frame; frames follow each other, view after view
    func addTime(to tokens: Tensor, perFrame: Int, on tape: Tape) {
        let index = (0..<tokens.rows).map { Int32($0 / perFrame % frames) }
        tape.addRows(of: time, at: tape.engine.rows(index), to: tokens)
    }
}

/// The encoder: patches that are kept to tokens of width `dim`.
struct Encoder {
    private let patchEmbed: Linear, blocks: [Block], norm: LayerNorm
    let places: PlaceTables
    private let configuration: ModelConfiguration

    init(_ c: ModelConfiguration, in list: inout ParameterList) {
        patchEmbed = Linear("patch_embed.proj", shape: [c.dim, c.channels, c.patch, c.patch], in: &list)
        blocks = Block.stack("blocks", depth: c.depth, width: c.dim, heads: c.heads, in: &list)
        norm = LayerNorm("norm", c.dim, in: &list)
        places = PlaceTables(c, width: c.dim, on: list.engine)
        configuration = c
    }

    /// Tokens [Σ keep, dim] of the kept patches of each frame, in their order.
    ///
    /// - Parameter keep: for each frame of `pixels` as many patches
    func callAsFunction(_ pixels: Buffer, keep: [[Int32]], again: Bool, on tape: Tape) -> Tensor {
        let c = configuration, engine = tape.engine, perFrame = keep[0].count
        precondition(keep.allSatisfy { $0.count == perFrame }, "all frames keep as many patches")
        let index = keep.enumerated().flatMap { frame, keep in keep.map { Int32(frame * c.patches) + $0 } }
        let patches = engine.allocate(index.count * c.patchWidth)
        engine.patches(
            of: pixels, c.grid, at: engine.rows(index), order: .channelsFirst, into: patches)
        let tokens = patchEmbed(
            Tensor(patches, rows: index.count, width: c.patchWidth, learns: false), on: tape)
        places.addSpace(to: tokens, at: index, on: tape)
        if c.kind.isVideo { places.addTime(to: tokens, perFrame: perFrame, on: tape) }
        let segments = c.sequences(frames: keep.count, perFrame: perFrame)
        return norm(blocks.run(tokens, segments: segments, again: again, on: tape), on: tape)
    }
}

extension ModelConfiguration {
    /// How a frame divides into patches.
    var grid: PatchGrid { PatchGrid(side: gridSide, patch: patch, channels: channels) }

    /// The lengths of the sequences that attend to themselves: frames, or the clips that they form.
    func sequences(frames count: Int, perFrame: Int) -> [Int] {
        kind.isVideo
            ? Array(repeating: frames * perFrame, count: count / frames)
            : Array(repeating: perFrame, count: count)
    }
}
