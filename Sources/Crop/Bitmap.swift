// Yes-or-no pictures and the few operations of morphology that the sector mask needs.

/// A picture whose pixels are 0 or 255, so that it masks bytes by `&`.
package struct Bitmap: Equatable, Sendable {
    package let height: Int, width: Int
    /// U8 [height, width], 0 or 255.
    package var pixels: [UInt8]

    package init(height: Int, width: Int, pixels: [UInt8]) {
        precondition(pixels.count == height * width, "pixels fill their shape")
        self.height = height
        self.width = width
        self.pixels = pixels
    }

    /// A picture of zeros.
    package init(height: Int, width: Int) {
        self.init(height: height, width: width, pixels: [UInt8](repeating: 0, count: height * width))
    }

    package subscript(y: Int, x: Int) -> Bool {
        get { pixels[y * width + x] != 0 }
        set { pixels[y * width + x] = newValue ? 255 : 0 }
    }

    package var isEmpty: Bool { !pixels.contains { $0 != 0 } }

    /// The number of pixels set.
    package var area: Int { pixels.reduce(0) { $0 + Int($1 & 1) } }

    package var inverted: Bitmap { Bitmap(height: height, width: width, pixels: pixels.map { ~$0 }) }

    package static func & (a: Bitmap, b: Bitmap) -> Bitmap {
        precondition(a.height == b.height && a.width == b.width, "pictures of one size")
        return Bitmap(height: a.height, width: a.width, pixels: zip(a.pixels, b.pixels).map { $0 & $1 })
    }

    /// The same picture with the square of `side` pixels in its top left corner cleared.
    package func withoutCorner(_ side: Int) -> Bitmap {
        var result = self
        for y in 0..<min(side, height) {
            for x in 0..<min(side, width) { result[y, x] = false }
        }
        return result
    }

    /// The pixels whose whole square of side 2·radius + 1 is set; what lies outside of the picture counts as set.
    ///
    /// One pass along the rows and one down the columns, each keeping the length of the current run: a window is
    /// full if the run that ends with it is at least as long.
    package func eroded(by radius: Int) -> Bitmap {
        precondition((0...127).contains(radius), "a run fits into a byte")
        let side = UInt8(2 * radius + 1)
        var across = Bitmap(height: height, width: width)
        for y in 0..<height {
            let row = y * width
            var run: UInt8 = 255
            for x in 0..<width + radius {
                run = x >= width || pixels[row + x] != 0 ? max(run, run &+ 1) : 0
                if x >= radius { across.pixels[row + x - radius] = run >= side ? 255 : 0 }
            }
        }
        var result = Bitmap(height: height, width: width)
        var runs = [UInt8](repeating: 255, count: width)
        for y in 0..<height + radius {
            if y < height { extendRuns(&runs, by: across.pixels, at: y * width) }
            if y >= height { for x in 0..<width { runs[x] = max(runs[x], runs[x] &+ 1) } }
            if y >= radius { mark(&result.pixels, at: (y - radius) * width, where: runs, reach: side) }
        }
        return result
    }

    /// The pixels with a set pixel in the square of side 2·radius + 1 around them.
    package func dilated(by radius: Int) -> Bitmap { inverted.eroded(by: radius).inverted }

    /// What is left of the picture where such a square fits into it.
    package func opened(by radius: Int) -> Bitmap { eroded(by: radius).dilated(by: radius) }

    /// The pixels that a fill from (0, 0) over equal values, through the four sides of a pixel, does not reach.
    ///
    /// Around a shape that leaves that corner free this closes the shape's holes.
    package var beyondFillFromCorner: Bitmap {
        var rest = Bitmap(height: height, width: width, pixels: [UInt8](repeating: 255, count: pixels.count))
        guard !pixels.isEmpty else { return rest }
        let value = pixels[0]
        var waiting = [0]
        while let start = waiting.popLast() {
            guard rest.pixels[start] != 0 else { continue }
            let row = start / width * width
            var left = start
            while left > row, pixels[left - 1] == value { left -= 1 }
            var right = start
            while right + 1 < row + width, pixels[right + 1] == value { right += 1 }
            for i in left...right { rest.pixels[i] = 0 }
            for next in [row - width, row + width] where next >= 0 && next < pixels.count {
                var inRun = false
                for i in left - row + next...right - row + next {
                    let open = pixels[i] == value && rest.pixels[i] != 0
                    if open, !inRun { waiting.append(i) }
                    inRun = open
                }
            }
        }
        return rest
    }
}

/// Each run grows by one where the row at `offset` is set and ends where it is not; 255 stays 255.
private func extendRuns(_ runs: inout [UInt8], by pixels: [UInt8], at offset: Int) {
    for x in runs.indices { runs[x] = max(runs[x], runs[x] &+ 1) & pixels[offset + x] }
}

private func mark(_ pixels: inout [UInt8], at offset: Int, where runs: [UInt8], reach: UInt8) {
    for x in runs.indices { pixels[offset + x] = runs[x] >= reach ? 255 : 0 }
}
