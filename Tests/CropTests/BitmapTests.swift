import Crop
import EchoCore
import Testing

@Suite struct BitmapTests {
    @Test(arguments: 0..<20) func `erosion and dilation look at every pixel of the square`(seed: UInt64) {
        var random = SeededRandom(seed: seed, "bitmap")
        let height = 1 + random.below(30), width = 1 + random.below(30), radius = random.below(6)
        let share = seed % 2 == 0 ? 0.98 : 0.02
        let picture = noise(&random, height: height, width: width, share: share)
        func square(_ y: Int, _ x: Int) -> [Bool] {
            (max(y - radius, 0)...min(y + radius, height - 1)).flatMap { v in
                (max(x - radius, 0)...min(x + radius, width - 1)).map { picture[v, $0] }
            }
        }
        let eroded = picture.eroded(by: radius), dilated = picture.dilated(by: radius)
        for y in 0..<height {
            for x in 0..<width {
                #expect(eroded[y, x] == square(y, x).allSatisfy { $0 })
                #expect(dilated[y, x] == square(y, x).contains(true))
            }
        }
    }

    @Test(arguments: 0..<30) func `the fill reaches what a walk from the corner reaches`(seed: UInt64) {
        var random = SeededRandom(seed: seed, "fill")
        let height = 1 + random.below(25), width = 1 + random.below(25)
        let picture = noise(&random, height: height, width: width, share: 0.2 + 0.4 * random.uniform())
        var reached: Set<Point> = [], waiting = [Point(x: 0, y: 0)]
        while let point = waiting.popLast() {
            guard (0..<width).contains(point.x), (0..<height).contains(point.y),
                picture[point.y, point.x] == picture[0, 0], reached.insert(point).inserted
            else { continue }
            for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                waiting.append(Point(x: point.x + dx, y: point.y + dy))
            }
        }
        let rest = picture.beyondFillFromCorner
        for y in 0..<height {
            for x in 0..<width { #expect(rest[y, x] != reached.contains(Point(x: x, y: y))) }
        }
    }

    @Test(arguments: [0, 1, 7, 63, 64, 65, 200, 16_319, 16_320, 16_321, 40_000], [UInt8(1), 16, 64, 255])
    func `samples inside of a mask are counted`(length: Int, bound: UInt8) {
        var random = SeededRandom(seed: UInt64(length), "count")
        let samples = (0..<length).map { _ in random.below(3) == 0 ? UInt8(random.below(256)) : 255 }
        let mask = (0..<length).map { _ in random.below(9) > 0 ? UInt8(255) : 0 }
        let expected = zip(samples, mask).count { $0 >= bound && $1 == 255 }
        #expect(Crop.count(samples.span, atLeast: bound, where: mask.span) == expected)
    }

    @Test func `the fill closes holes and keeps shapes`() {
        let ring = bitmap(".......", ".####..", ".#..#..", ".####..", ".......")
        #expect(ring.beyondFillFromCorner == bitmap(".......", ".####..", ".####..", ".####..", "......."))
    }

    @Test func `opening removes specks and keeps what a square fits into`() {
        let picture = bitmap("#......", "..###..", "..###.#", "..###..", ".......")
        #expect(picture.opened(by: 1) == bitmap(".......", "..###..", "..###..", "..###..", "......."))
    }
}
