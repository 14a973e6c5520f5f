// Pictures made smaller, for sheets of many.

extension Picture {
    /// The picture in the middle of a black square of `side` pixels, made smaller if it is larger: every pixel of the
    /// result is the mean of those that it stands for.
    public func fitted(into side: Int) -> Picture {
        let scale = max(1, Double(max(width, height)) / Double(side))
        let columns = max(1, Int(Double(width) / scale)), rows = max(1, Int(Double(height) / scale))
        var small = [UInt8](repeating: 0, count: rows * columns * channels)
        for row in 0..<rows {
            let ys = row * height / rows..<(row + 1) * height / rows
            for column in 0..<columns {
                let xs = column * width / columns..<(column + 1) * width / columns
                for channel in 0..<channels {
                    var sum = 0
                    for y in ys { for x in xs { sum += Int(pixels[(y * width + x) * channels + channel]) } }
                    small[(row * columns + column) * channels + channel] = UInt8(sum / (ys.count * xs.count))
                }
            }
        }
        var square = Picture(width: side, height: side, channels: channels, level: 0)
        square.paste(
            Picture(width: columns, height: rows, channels: channels, pixels: small),
            left: (side - columns) / 2,
            top: (side - rows) / 2)
        return square
    }
}
