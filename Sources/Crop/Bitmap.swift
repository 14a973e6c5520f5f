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

    /// The columns from the first to the last pixel that is set in a row.
    package func columns(ofRow y: Int) -> Range<Int> {
        let row = y * width..<(y + 1) * width
        let first = end(ofRun: 0, in: pixels.span, row)
        guard first < row.upperBound else { return 0..<0 }
        return first - row.lowerBound..<start(ofRun: 0, in: pixels.span, row) - row.lowerBound
    }

    package var isEmpty: Bool { end(ofRun: 0, in: pixels.span, pixels.indices) == pixels.count }

    /// The number of pixels set.
    package var area: Int { pixels.reduce(0) { $0 + Int($1 & 1) } }

    package var inverted: Bitmap {
        var result = self
        invert(&result.pixels)
        return result
    }

    package static func & (a: Bitmap, b: Bitmap) -> Bitmap {
        precondition(a.height == b.height && a.width == b.width, "pictures of one size")
        var result = Bitmap(height: a.height, width: a.width)
        intersect(a.pixels.span, b.pixels.span, into: &result.pixels)
        return result
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
    package func eroded(by radius: Int) -> Bitmap {
        let side = 2 * radius + 1
        var line = [UInt8](repeating: 255, count: width + 2 * radius), lineScratch = line
        var padded = [UInt8](repeating: 255, count: (height + 2 * radius) * width), scratch = padded
        for y in 0..<height {
            line.replaceSubrange(radius..<radius + width, with: pixels[y * width..<(y + 1) * width])
            narrow(&line, to: side, stride: 1, scratch: &lineScratch)
            let row = (y + radius) * width
            padded.replaceSubrange(row..<row + width, with: line[0..<width])
            for x in 0..<radius { line[x] = 255 }
            for x in radius + width..<line.count { line[x] = 255 }
        }
        narrow(&padded, to: side, stride: width, scratch: &scratch)
        padded.removeLast(2 * radius * width)
        return Bitmap(height: height, width: width, pixels: padded)
    }

    /// The pixels with a set pixel in the square of side 2·radius + 1 around them.
    package func dilated(by radius: Int) -> Bitmap { inverted.eroded(by: radius).inverted }

    /// What is left of the picture where such a square fits into it.
    package func opened(by radius: Int) -> Bitmap { eroded(by: radius).dilated(by: radius) }

    /// The pixels that a fill from (0, 0) over equal values, through the four sides of a pixel, does not reach.
    ///
    /// Around a shape that leaves that corner free this closes the shape's holes.
    package var beyondFillFromCorner: Bitmap {
        guard let value = pixels.first else { return self }
        let alike = value == 0 ? inverted : self
        var open = alike
        var waiting = [0]
        while let pixel = waiting.popLast() {
            guard open.pixels[pixel] != 0 else { continue }
            let run = open.removeRun(at: pixel)
            open.findRuns(in: run.lowerBound - width..<run.upperBound - width, into: &waiting)
            open.findRuns(in: run.lowerBound + width..<run.upperBound + width, into: &waiting)
        }
        // What was alike and is no longer open has been reached.
        return (alike & open.inverted).inverted
    }

    /// Clears the run of pixels of a row that holds the one at `pixel`, which is set, and returns it.
    mutating func removeRun(at pixel: Int) -> Range<Int> {
        let row = pixel / width * width
        let run =
            start(
                ofRun: 255, in: pixels.span, row..<pixel)..<end(
                ofRun: 255, in: pixels.span, pixel..<row + width)
        clear(&pixels, run)
        return run
    }

    /// Adds one pixel of every run of set pixels in a part of a row; none if the row is outside of the picture.
    func findRuns(in part: Range<Int>, into found: inout [Int]) {
        guard part.lowerBound >= 0, part.upperBound <= pixels.count else { return }
        var next = part.lowerBound
        while true {
            next = end(ofRun: 0, in: pixels.span, next..<part.upperBound)
            guard next < part.upperBound else { return }
            found.append(next)
            next = end(ofRun: 255, in: pixels.span, next..<part.upperBound)
        }
    }
}
