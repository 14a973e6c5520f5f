// What latent attention is not to see in pre-training, and what it sees in its place.

import Compute

/// What becomes of the tokens that are hidden from latent attention.
package enum LatentMasking: String, Codable, Sendable, CaseIterable {
    /// They do not enter; the decoder fills their places with its mask token. The paper's way.
    case drop
    /// A learned token with the place of the hidden one enters, so that latent attention has to infer what was there.
    case token
}

/// The learned token that stands for hidden ones, and the places that it can have.
///
/// Views are a set, so the token does not say of which view it is: those of one patch and frame are alike until the
/// decoder puts them beside what is seen of their frame.
struct LatentMask {
    let token: Tensor
    /// [frames·patches + 1, dim]: space plus time, and zeros for tokens that are seen.
    private let places: Buffer
    private let patches: Int, frames: Int

    init(_ c: ModelConfiguration, in list: inout ParameterList) {
        token = list.normal("latent_mask_token", [c.dim], deviation: 0.02)
        (patches, frames) = (c.patches, c.frames)
        let space = spaceTable(side: c.gridSide, width: c.dim)
        let time = sineCosine(Array(0..<c.frames), width: c.dim)
        var table: [Float] = []
        for frame in 0..<c.frames {
            for place in space.indices { table.append(space[place] + time[frame * c.dim + place % c.dim]) }
        }
        table += [Float](repeating: 0, count: c.dim)
        places = list.engine.allocate(table.count, for: .weights)
        list.engine.write(table, to: places)
    }

    /// All tokens, those that are not `kept` replaced.
    ///
    /// - Parameter slots: the place of each token among all patches of all frames of all views
    func hide(_ tokens: Tensor, except kept: [Int32], slots: [Int32], on tape: Tape) -> Tensor {
        var index = [Int32](repeating: -1, count: tokens.rows)
        for token in kept { index[Int(token)] = token }
        let all = Int32(frames * patches)
        let shown = tape.gather(tokens, tape.engine.rows(index), filler: token)
        let stood = zip(index, slots).map { $0 < 0 ? $1 % all : all }
        tape.addRows(of: places, at: tape.engine.rows(stood), to: shown)
        return shown
    }
}
