// Pictures for people: reconstructions, masks, sample clips. Eight bits, gray or RGB.

/// A picture of U8 [height, width, channels], channels being 1 (gray) or 3 (R, G, B).
package struct Picture: Sendable, Equatable {
    package let width: Int, height: Int, channels: Int
    package private(set) var pixels: [UInt8]

    package init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        precondition(channels == 1 || channels == 3, "a picture is gray or RGB")
        precondition(pixels.count == width * height * channels, "pixels fill their shape")
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// A picture of one gray level.
    package init(width: Int, height: Int, channels: Int = 1, level: UInt8) {
        self.init(
            width: width, height: height, channels: channels,
            pixels: [UInt8](repeating: level, count: width * height * channels))
    }

    /// The same picture with three channels.
    package var rgb: Picture {
        channels == 3
            ? self
            : Picture(width: width, height: height, channels: 3, pixels: pixels.flatMap { [$0, $0, $0] })
    }

    /// Sets one pixel where it lies inside; `colour` is R, G, B, or its first value for a gray picture.
    package mutating func set(x: Int, y: Int, _ colour: (UInt8, UInt8, UInt8)) {
        guard (0..<width).contains(x), (0..<height).contains(y) else { return }
        let at = (y * width + x) * channels
        pixels[at] = colour.0
        if channels == 3 {
            pixels[at + 1] = colour.1
            pixels[at + 2] = colour.2
        }
    }

    /// Draws the outline of a rectangle whose corners `left, top` and `right, bottom` both lie on it.
    package mutating func outline(
        left: Int, top: Int, right: Int, bottom: Int, _ colour: (UInt8, UInt8, UInt8)
    ) {
        for x in max(0, left)..<max(0, left, min(width, right + 1)) {
            set(x: x, y: top, colour)
            set(x: x, y: bottom, colour)
        }
        for y in max(0, top)..<max(0, top, min(height, bottom + 1)) {
            set(x: left, y: y, colour)
            set(x: right, y: y, colour)
        }
    }

    /// Copies `other`, of as many channels, with its top left corner at `left`, `top`; what sticks out is cut off.
    package mutating func paste(_ other: Picture, left: Int, top: Int) {
        precondition(other.channels == channels, "pasted pictures have as many channels")
        let columns = max(0, min(other.width, width - left))
        for row in 0..<max(0, min(other.height, height - top)) {
            let source = row * other.width * channels
            let target = ((top + row) * width + left) * channels
            let count = columns * channels
            pixels.replaceSubrange(target..<target + count, with: other.pixels[source..<source + count])
        }
    }

    /// Pictures of one size in rows of `columns`, with `gap` pixels of black between them.
    package static func montage(_ pictures: [Picture], columns: Int, gap: Int = 2) -> Picture {
        precondition(!pictures.isEmpty && columns > 0, "a montage shows something")
        let first = pictures[0]
        let rows = (pictures.count + columns - 1) / columns
        var sheet = Picture(
            width: columns * (first.width + gap) - gap, height: rows * (first.height + gap) - gap,
            channels: first.channels, level: 0)
        for (index, picture) in pictures.enumerated() {
            sheet.paste(
                picture, left: index % columns * (first.width + gap),
                top: index / columns * (first.height + gap))
        }
        return sheet
    }
}
