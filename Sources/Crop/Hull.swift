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
        for start in pixels.indices where left.pixels[start] != 0 {
            hulls.append(convexHull(of: left.removePart(at: start)))
        }
        return hulls
    }

    /// Clears the part that holds the pixel at `start` and returns the ends of its runs, in which its hull lies.
    private mutating func removePart(at start: Int) -> [Point] {
        var ends: [Point] = []
        var waiting = [start]
        while let pixel = waiting.popLast() {
            guard pixels[pixel] != 0 else { continue }
            let y = pixel / width
            var left = pixel - y * width
            var right = left
            while left > 0, self[y, left - 1] { left -= 1 }
            while right + 1 < width, self[y, right + 1] { right += 1 }
            for x in left...right { self[y, x] = false }
            ends.append(Point(x: left, y: y))
            ends.append(Point(x: right, y: y))
            for next in [y - 1, y + 1] where next >= 0 && next < height {
                for x in max(left - 1, 0)...min(right + 1, width - 1) where self[next, x] {
                    if x == max(left - 1, 0) || !self[next, x - 1] { waiting.append(next * width + x) }
                }
            }
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
