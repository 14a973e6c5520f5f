import Crop
import EchoCore
import Testing

@Suite struct HullTests {
    @Test(arguments: 0..<50) func `every point lies on the inner side of every side`(seed: UInt64) {
        var random = SeededRandom(seed: seed, "hull")
        let points = (0..<3 + random.below(40)).map { _ in Point(x: random.below(20), y: random.below(20)) }
        let hull = convexHull(of: points)
        #expect(Set(hull).isSubset(of: points))
        for (i, a) in hull.enumerated() where hull.count > 2 {
            let b = hull[(i + 1) % hull.count], c = hull[(i + 2) % hull.count]
            func turn(_ p: Point) -> Int { (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x) }
            #expect(points.allSatisfy { turn($0) >= 0 })
            #expect(turn(c) > 0, "no corner lies on a side")
        }
    }

    @Test func `a line and a point are their own hulls`() {
        #expect(convexHull(of: [Point(x: 3, y: 1)]) == [Point(x: 3, y: 1)])
        let line = (0..<5).map { Point(x: $0, y: 2 * $0) }
        #expect(Set(convexHull(of: line)) == [line[0], line[4]])
    }

    @Test(arguments: 0..<30) func `parts hang together by sides and corners`(seed: UInt64) {
        var random = SeededRandom(seed: seed, "parts")
        let height = 1 + random.below(20), width = 1 + random.below(20)
        let picture = noise(&random, height: height, width: width, share: 0.35)
        var left = Set<Point>()
        for y in 0..<height { for x in 0..<width where picture[y, x] { left.insert(Point(x: x, y: y)) } }
        var expected: Set<Set<Point>> = []
        while let start = left.first {
            var part: Set<Point> = [], waiting = [start]
            while let point = waiting.popLast() {
                guard left.remove(point) != nil else { continue }
                part.insert(point)
                for dy in -1...1 {
                    for dx in -1...1 { waiting.append(Point(x: point.x + dx, y: point.y + dy)) }
                }
            }
            expected.insert(Set(convexHull(of: Array(part))))
        }
        #expect(Set(picture.hulls.map(Set.init)) == expected)
    }

    @Test func `an outline is three pixels thick with round ends`() {
        var picture = Bitmap(height: 9, width: 11)
        picture.drawOutline(of: [Point(x: 4, y: 4), Point(x: 6, y: 4)])
        #expect(
            picture
                == bitmap(
                    "...........", "...........", "....###....", "...#####...", "..#######..", "...#####...",
                    "....###....", "...........", "..........."))
    }

    @Test(arguments: 0..<20) func `an outline at the border stays inside of the picture and near the polygon`(
        seed: UInt64
    ) {
        var random = SeededRandom(seed: seed, "outline")
        let points = (0..<8).map { _ in Point(x: random.below(30), y: random.below(20)) }
        let hull = convexHull(of: points)
        var picture = Bitmap(height: 20, width: 30)
        picture.drawOutline(of: hull)
        for y in 0..<20 {
            for x in 0..<30 {
                let distance = distance(from: Point(x: x, y: y), to: hull)
                if picture[y, x] { #expect(distance < 3) } else { #expect(distance > 1) }
            }
        }
    }
}

private func distance(from point: Point, to polygon: [Point]) -> Double {
    polygon.indices.map { i in
        let a = polygon[i], b = polygon[(i + 1) % polygon.count]
        let dx = Double(b.x - a.x), dy = Double(b.y - a.y)
        let px = Double(point.x - a.x), py = Double(point.y - a.y)
        let length = dx * dx + dy * dy
        let t = length > 0 ? max(0, min(1, (px * dx + py * dy) / length)) : 0
        return ((px - t * dx) * (px - t * dx) + (py - t * dy) * (py - t * dy)).squareRoot()
    }.min() ?? .infinity
}
