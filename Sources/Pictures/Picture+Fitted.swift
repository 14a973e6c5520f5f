// Pictures made smaller, for sheets of many.

extension Picture {
    /// The picture in the middle of a black square of `side` pixels, made smaller if it is larger.
    package func fitted(into side: Int) -> Picture {
        let scale = max(1, Double(max(width, height)) / Double(side))
        let small = resized(
            width: max(1, Int(Double(width) / scale)), height: max(1, Int(Double(height) / scale)))
        var square = Picture(width: side, height: side, channels: channels, level: 0)
        square.paste(small, left: (side - small.width) / 2, top: (side - small.height) / 2)
        return square
    }

    /// The picture in another size: every pixel of the result is the mean of those that it stands for, and where the
    /// result is larger, the one that it lies in.
    package func resized(width columns: Int, height rows: Int) -> Picture {
        func range(_ index: Int, of parts: Int, over whole: Int) -> Range<Int> {
            let start = index * whole / parts
            return start..<max(start + 1, (index + 1) * whole / parts)
        }
        var result = [UInt8](repeating: 0, count: rows * columns * channels)
        for row in 0..<rows {
            let ys = range(row, of: rows, over: height)
            for column in 0..<columns {
                let xs = range(column, of: columns, over: width)
                for channel in 0..<channels {
                    var sum = 0
                    for y in ys { for x in xs { sum += Int(pixels[(y * width + x) * channels + channel]) } }
                    result[(row * columns + column) * channels + channel] = UInt8(sum / (ys.count * xs.count))
                }
            }
        }
        return Picture(width: columns, height: rows, channels: channels, pixels: result)
    }
}
