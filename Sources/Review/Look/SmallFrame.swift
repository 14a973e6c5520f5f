// A frame of a source file, small enough to be sent: for dropped clips, which no shard holds.

import Crop
import EchoCore

/// A frame as red, green and blue, U8 [height, width, 3], every pixel the mean of a square of the picture's luma with the
/// colour of its first sample.
func smallFrame(of clip: Clip, at index: Int, height: Int, width: Int) -> [UInt8] {
    let columns = (0..<width).map { $0 * clip.width / width }
    let side = max(1, clip.width / width)
    let colours = FullChroma(clip)
    var chroma = ChromaRow(width: clip.width)
    var frame = [UInt8](repeating: 0, count: 3 * height * width)
    let luma = clip.luma.span
    var place = 0
    for row in 0..<height {
        let y = row * clip.height / height, lines = min(side, clip.height - y)
        colours?.read(frame: index, y: y, into: &chroma)
        for x in columns {
            let across = min(side, clip.width - x)
            var sum = 0
            for line in y..<y + lines {
                let start = index * clip.frameSize + line * clip.width + x
                for at in start..<start + across { sum += Int(luma[at]) }
            }
            let level = UInt8(sum / (lines * across))
            let (r, g, b) =
                colours == nil
                ? (level, level, level) : ColourMatrix.jpeg.rgb(level, chroma.cb[x], chroma.cr[x])
            frame[place] = r
            frame[place + 1] = g
            frame[place + 2] = b
            place += 3
        }
    }
    return frame
}
