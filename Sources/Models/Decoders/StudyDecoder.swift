// A decoder that looks at all views of a study at once, and draws one of them from the others.

import Compute

extension DecoderKind {
    /// Views are drawn in random order, so every view is withheld now and then.
    static let study = DecoderKind(
        "study", "fills in all views of a study together and draws the first from the others",
        fault: { $0.views < 2 ? "a study of one view has no others to draw it from" : nil }
    ) { StudyDecoder($0, in: &$1) }
}

/// The paper's decoder with attention over a whole study, and without the encoder's tokens of the study's first view: a mask
/// token stands for each of its patches. A study of one view keeps its own.
///
/// With latent attention the other views' tokens have read those of the withheld one; without it they know nothing of it.
/// Time and memory of attention grow with the square of views times frames times patches.
private struct StudyDecoder: Decoder {
    private let parts: DecoderParts
    /// [views, width]: tells tokens of different views apart, of which patch and frame are the same.
    private let views: Buffer
    private let configuration: ModelConfiguration
    /// Codes of more views than a study has clips.
    private static let mostViews = 1024

    init(_ c: ModelConfiguration, in list: inout ParameterList) {
        parts = DecoderParts(c, in: &list)
        let codes = sineCosine(Array(0..<StudyDecoder.mostViews), width: c.decoderDim)
        views = list.engine.allocate(codes.count, for: .weights)
        list.engine.write(codes, to: views)
        configuration = c
    }

    func callAsFunction(_ input: DecoderInput, on tape: Tape) -> Tensor {
        let perView = configuration.frames * configuration.patches
        var withheld: Set<Int> = [], codes: [Int32] = [], first = 0
        for count in input.viewCounts {
            if count > 1 { withheld.insert(first) }
            first += count
            for view in 0..<count {
                codes += [Int32](repeating: Int32(view % StudyDecoder.mostViews), count: perView)
            }
        }
        let filled = parts.filled(input, withholding: withheld, on: tape)
        tape.addRows(of: views, at: tape.engine.rows(codes), to: filled)
        return parts.pixels(
            filled, segments: input.viewCounts.map { $0 * perView }, again: input.again, on: tape)
    }
}
