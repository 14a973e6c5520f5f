// The two questions that the mask asks of all frames: which pixels are ever lit, and which change.

import EchoCore

/// The pixels whose gray is not 0 in at least one frame.
///
/// Y ≥ 1 is lit; where Y stays 0 in all frames the chroma decides, which is looked at only where it is not neutral.
func everLit(in clip: Clip) -> Bitmap {
    var highest = [UInt8](repeating: 0, count: clip.frameSize)
    for frame in 0..<clip.frames { unite(&highest, with: clip.luma.span, at: frame * clip.frameSize) }
    if let chroma = FullChroma(clip) {
        let marks = chroma.everCoded()
        for y in 0..<clip.height {
            for x in 0..<clip.width
            where highest[y * clip.width + x] == 0 && chroma.touches(marks, y: y, x: x) {
                let lit = (0..<clip.frames).contains { frame in
                    let (cb, cr) = chroma.sample(frame: frame, y: y, x: x)
                    return EchoPrimeColour.isLitWithoutLuma(cb, cr)
                }
                if lit { highest[y * clip.width + x] = 255 }
            }
        }
    }
    return Bitmap(height: clip.height, width: clip.width, pixels: highest.map { $0 == 0 ? 0 : 255 })
}

private func unite(_ highest: inout [UInt8], with luma: Span<UInt8>, at offset: Int) {
    let frame = luma.extracting(offset..<offset + highest.count)
    for i in highest.indices { highest[i] |= frame[i] }
}

/// The pixels whose gray differs between the first and the last frame.
func changed(in clip: Clip) -> Bitmap {
    var result = Bitmap(height: clip.height, width: clip.width)
    let last = clip.frames - 1
    let chroma = FullChroma(clip)
    var before = ChromaRow(width: clip.width), after = before
    for y in 0..<clip.height {
        let first = y * clip.width, second = last * clip.frameSize + first
        // With Cb = Cr = 128 the gray is Y itself.
        guard let chroma, !chroma.isNeutral(frame: 0, y: y) || !chroma.isNeutral(frame: last, y: y) else {
            for x in 0..<clip.width where clip.luma[first + x] != clip.luma[second + x] {
                result[y, x] = true
            }
            continue
        }
        chroma.read(frame: 0, y: y, into: &before)
        chroma.read(frame: last, y: y, into: &after)
        for x in 0..<clip.width {
            let old = EchoPrimeColour.gray(clip.luma[first + x], before.cb[x], before.cr[x])
            let new = EchoPrimeColour.gray(clip.luma[second + x], after.cb[x], after.cr[x])
            if old != new { result[y, x] = true }
        }
    }
    return result
}
