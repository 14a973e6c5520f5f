// The outline of a polygon, three pixels thick in the way of cv::drawContours, whose pixels decide the mask's edge.

/// Fixed-point coordinates with 16 fractional bits: OpenCV rounds its strokes' corners to these.
private let fraction = 16
private let one = 1 << fraction
private let half = one >> 1

extension Bitmap {
    /// Sets the pixels of the closed polygon's outline at OpenCV's thickness 3: half-width 2.0, round ends.
    ///
    /// A side is a rectangle whose corners lie 2 pixels off the side's ends; the rectangle's own sides are drawn as
    /// lines and its rows filled between them.
    package mutating func drawOutline(of polygon: [Point]) {
        guard var start = polygon.last else { return }
        for end in polygon {
            drawSide(from: start, to: end)
            drawDisc(around: end)
            start = end
        }
    }

    /// The pixels at most 2 from `centre`.
    private mutating func drawDisc(around centre: Point) {
        for (dy, reach) in [(-2, 0), (-1, 1), (0, 2), (1, 1), (2, 0)] {
            setRow(centre.y + dy, from: centre.x - reach, through: centre.x + reach)
        }
    }

    private mutating func drawSide(from start: Point, to end: Point) {
        let dx = Double(start.x - end.x), dy = Double(end.y - start.y)
        let length = (dx * dx + dy * dy).squareRoot()
        guard length > 0 else { return }
        let scale = Double(2 * one) / length
        let offset = Point(
            x: Int((dy * scale).rounded(.toNearestOrEven)), y: Int((dx * scale).rounded(.toNearestOrEven)))
        func corner(_ point: Point, _ sign: Int) -> Point {
            Point(x: point.x * one + sign * offset.x, y: point.y * one + sign * offset.y)
        }
        let corners = [corner(start, 1), corner(start, -1), corner(end, -1), corner(end, 1)]
        for i in corners.indices { drawLine(from: corners[(i + 3) % 4], to: corners[i]) }
        fillRows(of: corners)
    }

    /// A line of single pixels between fixed-point positions, one for each step along its longer direction.
    private mutating func drawLine(from first: Point, to second: Point) {
        guard var (start, end) = withinPicture(first, second) else { return }
        let flat = abs(end.x - start.x) > abs(end.y - start.y)
        if flat ? start.x > end.x : start.y > end.y { swap(&start, &end) }
        set(rounded(end.x), rounded(end.y))
        let length = flat ? end.x - start.x : end.y - start.y
        let step = (flat ? end.y - start.y : end.x - start.x) * one / (length | 1)
        for i in 0...length >> fraction {
            if flat {
                set(rounded(start.x) + i, rounded(start.y + i * step))
            } else {
                set(rounded(start.x + i * step), rounded(start.y) + i)
            }
        }
    }

    /// The part of a line in the picture; nil if there is none. A line that was cut steps from where it was cut.
    private func withinPicture(_ first: Point, _ second: Point) -> (Point, Point)? {
        var start = first, end = second
        for (along, across, bound) in [
            (\Point.y, \Point.x, height * one - 1), (\Point.x, \Point.y, width * one - 1),
        ] {
            func cut(_ point: inout Point, towards other: Point) {
                let inside = max(0, min(bound, point[keyPath: along]))
                guard inside != point[keyPath: along] else { return }
                let whole = other[keyPath: along] - point[keyPath: along]
                let shift =
                    (inside - point[keyPath: along]) * (other[keyPath: across] - point[keyPath: across])
                point[keyPath: across] += shift / whole
                point[keyPath: along] = inside
            }
            let positions = [start[keyPath: along], end[keyPath: along]]
            if positions.allSatisfy({ $0 < 0 }) || positions.allSatisfy({ $0 > bound }) { return nil }
            cut(&start, towards: end)
            cut(&end, towards: start)
        }
        return (start, end)
    }

    /// Fills a convex polygon row by row between its left and its right chain.
    private mutating func fillRows(of corners: [Point]) {
        let top = corners.indices.min { corners[$0].y < corners[$1].y } ?? 0
        let bottom = rounded(corners.map(\.y).max() ?? 0)
        var chains = [Chain(corners, from: top, step: 1), Chain(corners, from: top, step: corners.count - 1)]
        for y in rounded(corners[top].y)...bottom {
            for i in chains.indices { chains[i].enter(row: y) }
            setRow(
                y, from: rounded(min(chains[0].x, chains[1].x)),
                through: rounded(max(chains[0].x, chains[1].x)))
            for i in chains.indices { chains[i].x += chains[i].step }
        }
    }

    private mutating func set(_ x: Int, _ y: Int) {
        if x >= 0, x < width, y >= 0, y < height { self[y, x] = true }
    }

    private mutating func setRow(_ y: Int, from left: Int, through right: Int) {
        guard y >= 0, y < height, left < width, right >= 0, left <= right else { return }
        for x in max(left, 0)...min(right, width - 1) { self[y, x] = true }
    }
}

/// One of the two ways down a convex polygon: where it is on the current row, and how it goes on.
private struct Chain {
    private let corners: [Point], direction: Int
    private var corner: Int, lastRow: Int, left: Int
    var x = -one, step = 0

    init(_ corners: [Point], from top: Int, step direction: Int) {
        self.corners = corners
        self.direction = direction
        corner = top
        left = corners.count
        lastRow = rounded(corners[top].y)
    }

    /// Takes the next side once the current one has ended.
    mutating func enter(row y: Int) {
        guard y >= lastRow else { return }
        while left > 0 {
            left -= 1
            let next = (corner + direction) % corners.count
            let row = rounded(corners[next].y)
            defer { corner = next }
            guard row > y else { continue }
            x = corners[corner].x
            step = ((corners[next].x - x) * 2 + row - y) / (2 * (row - y))
            lastRow = row
            return
        }
    }
}

private func rounded(_ position: Int) -> Int { (position + half) >> fraction }
