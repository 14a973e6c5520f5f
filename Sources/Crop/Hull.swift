// The connected parts of a bitmap and their convex hulls.

/// A pixel's centre.
package struct Point: Equatable, Hashable, Sendable {
    package var x: Int, y: Int

    package init(x: Int, y: Int) {
        self.x = x
        self.y = y
    }
}

extension Bitmap {
    /// The convex hull of each part that hangs together by sides or corners, in the order of the parts' first pixels.
    package var hulls: [[Point]] {
        var left = self
        var hulls: [[Point]] = []
        var start = 0
        while true {
            start = end(ofRun: 0, in: left.pixels.span, start..<pixels.count)
            guard start < pixels.count else { return hulls }
            hulls.append(convexHull(of: left.removePart(at: start)))
        }
    }

    /// Clears the part that holds the pixel at `start` and returns the ends of its runs, in which its hull lies.
    private mutating func removePart(at start: Int) -> [Point] {
        var ends: [Point] = []
        var waiting = [start]
        while let pixel = waiting.popLast() {
            guard pixels[pixel] != 0 else { continue }
            let y = pixel / width, row = y * width
            let run = removeRun(at: pixel)
            ends.append(Point(x: run.lowerBound - row, y: y))
            ends.append(Point(x: run.upperBound - 1 - row, y: y))
            // Corners touch too.
            let near = max(run.lowerBound - 1, row)..<min(run.upperBound + 1, row + width)
            findRuns(in: near.lowerBound - width..<near.upperBound - width, into: &waiting)
            findRuns(in: near.lowerBound + width..<near.upperBound + width, into: &waiting)
        }
        return ends
    }
}

/// The corners of the convex hull of `points`, around it once, without points on its sides (Andrew's monotone chain).
package func convexHull(of points: [Point]) -> [Point] {
    let sorted = Set(points).sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    guard sorted.count > 2 else { return sorted }
    func chain(_ points: some Sequence<Point>) -> [Point] {
        var chain: [Point] = []
        for point in points {
            while chain.count >= 2, !turns(chain[chain.count - 2], chain[chain.count - 1], point) {
                chain.removeLast()
            }
            chain.append(point)
        }
        return chain
    }
    return chain(sorted).dropLast() + chain(sorted.reversed()).dropLast()
}

/// Whether a → b → c turns to the same side as x → y.
private func turns(_ a: Point, _ b: Point, _ c: Point) -> Bool {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x) > 0
}
