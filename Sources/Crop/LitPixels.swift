// The two questions that the mask asks of all frames: which pixels are ever lit, and which change.

import EchoCore

/// The pixels whose gray is not 0 in at least one frame.
///
/// Y ≥ 1 is lit; where Y stays 0 in all frames the chroma decides, which is looked at only where it is not neutral.
func everLit(in clip: Clip) -> Bitmap {
    var lit = Bitmap(
        height: clip.height, width: clip.width,
        pixels: unpack(clip.footprint.lit, rows: clip.height, columns: clip.width))
    guard let chroma = FullChroma(clip) else { return lit }
    let marks = chroma.everColoured(in: clip.footprint)
    for y in 0..<clip.height where chroma.touches(marks, y: y) {
        for x in 0..<clip.width where !lit[y, x] && chroma.touches(marks, y: y, x: x) {
            lit[y, x] = (0..<clip.frames).contains { frame in
                let (cb, cr) = chroma.sample(frame: frame, y: y, x: x)
                return EchoPrimeGray.isLitWithoutLuma(cb, cr)
            }
        }
    }
    return lit
}

/// The pixels of `region` whose gray differs between the first and the last frame.
func changed(in clip: Clip, within region: Bitmap) -> Bitmap {
    var result = Bitmap(height: clip.height, width: clip.width)
    let last = (clip.frames - 1) * clip.frameSize
    let chroma = FullChroma(clip)
    var before = ChromaRow(width: clip.width), after = before
    for y in 0..<clip.height {
        let columns = region.columns(ofRow: y)
        if columns.isEmpty { continue }
        let row = y * clip.width
        // With Cb = Cr = 128 the gray is Y itself.
        guard let chroma,
            chroma.deviation(frame: 0, y: y, columns: columns) > 0
                || chroma.deviation(frame: clip.frames - 1, y: y, columns: columns) > 0
        else {
            let part = row + columns.lowerBound..<row + columns.upperBound
            compare(
                clip.luma.span.extracting(part),
                clip.luma.span.extracting(last + part.lowerBound..<last + part.upperBound),
                into: &result.pixels, at: part.lowerBound)
            continue
        }
        chroma.read(frame: 0, y: y, into: &before)
        chroma.read(frame: clip.frames - 1, y: y, into: &after)
        for x in columns {
            let old = EchoPrimeGray.gray(clip.luma[row + x], before.cb[x], before.cr[x])
            let new = EchoPrimeGray.gray(clip.luma[last + row + x], after.cb[x], after.cr[x])
            if old != new { result[y, x] = true }
        }
    }
    return result & region
}
