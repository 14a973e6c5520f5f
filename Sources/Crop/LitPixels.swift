// The two questions that the mask asks of all frames: which pixels are ever lit, and which change.

import EchoCore

/// The pixels whose gray is not 0 in at least one frame.
///
/// Y ≥ 1 is lit; where Y stays 0 in all frames the chroma decides, which is looked at only where it is not neutral.
func everLit(in clip: Clip) -> Bitmap {
    var lit = Bitmap(height: clip.height, width: clip.width)
    let size = clip.frameSize
    var united = lit.pixels.mutableSpan
    for frame in 0..<clip.frames {
        unite(&united, with: clip.luma.span.extracting(frame * size..<(frame + 1) * size))
    }
    for i in 0..<united.count { united[i] = united[i] != 0 ? 255 : 0 }

    guard let chroma = FullChroma(clip) else { return lit }
    let marks = chroma.everColoured()
    for y in 0..<clip.height where chroma.touches(marks, y: y) {
        for x in 0..<clip.width where !lit[y, x] && chroma.touches(marks, y: y, x: x) {
            lit[y, x] = (0..<clip.frames).contains { frame in
                let (cb, cr) = chroma.sample(frame: frame, y: y, x: x)
                return EchoPrimeColour.isLitWithoutLuma(cb, cr)
            }
        }
    }
    return lit
}

/// The pixels whose gray differs between the first and the last frame.
func changed(in clip: Clip) -> Bitmap {
    var result = Bitmap(height: clip.height, width: clip.width)
    let columns = 0..<clip.width
    let last = clip.frames - 1
    let chroma = FullChroma(clip)
    var before = ChromaRow(width: clip.width), after = before
    for y in 0..<clip.height {
        let first = y * clip.width, second = last * clip.frameSize + first
        // With Cb = Cr = 128 the gray is Y itself.
        guard let chroma,
            chroma.deviation(frame: 0, y: y, columns: columns) > 0
                || chroma.deviation(frame: last, y: y, columns: columns) > 0
        else {
            compare(
                clip.luma.span.extracting(first..<first + clip.width),
                clip.luma.span.extracting(second..<second + clip.width), into: &result.pixels, at: first)
            continue
        }
        chroma.read(frame: 0, y: y, into: &before)
        chroma.read(frame: last, y: y, into: &after)
        for x in columns {
            let old = EchoPrimeColour.gray(clip.luma[first + x], before.cb[x], before.cr[x])
            let new = EchoPrimeColour.gray(clip.luma[second + x], after.cb[x], after.cr[x])
            if old != new { result[y, x] = true }
        }
    }
    return result
}
