import EchoCore
import StudyData
import Testing

@Suite struct SamplerTests {
    @Test(arguments: [UInt64(1), 2, 3, 4, 5])
    func `views are drawn without replacement and a small study stays small`(seed: UInt64) {
        let sampler = Sampler(views: 8, frames: 8, stride: 4)
        for count in 1...20 {
            var random = SeededRandom(seed: seed, "views", count)
            let views = sampler.views(of: count, random: &random)
            #expect(views.count == min(8, count))
            #expect(Set(views).count == views.count)
            #expect(views.allSatisfy { 0..<count ~= $0 })
        }
    }

    @Test func `every view of a study is drawn equally often`() {
        let sampler = Sampler(views: 2, frames: 1, stride: 1)
        var counts = [Int](repeating: 0, count: 5)
        for draw in 0..<5000 {
            var random = SeededRandom(seed: 1, "views", draw)
            for view in sampler.views(of: 5, random: &random) { counts[view] += 1 }
        }
        #expect(counts.allSatisfy { abs($0 - 2000) < 150 })
    }

    @Test func `padding repeats the drawn views in turn`() {
        var random = SeededRandom(seed: 1, "views")
        let views = Sampler(views: 5, frames: 1, stride: 1, padViews: true).views(of: 2, random: &random)
        #expect(views.count == 5)
        #expect(views[0] != views[1])
        #expect(Array(views[2...]) == [views[0], views[1], views[0]])
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `a long clip gives frames four apart inside a window of 32`(seed: UInt64) {
        var random: SeededRandom? = SeededRandom(seed: seed, "frames")
        for count in 32...90 {
            let frames = Sampler(views: 1, frames: 8, stride: 4).frames(of: count, random: &random)
            #expect(zip(frames, frames.dropFirst()).allSatisfy { $1 - $0 == 4 })
            #expect(frames[0] >= 0)
            #expect(frames[0] + 32 <= count)
        }
    }

    @Test(arguments: [(31, 3), (24, 3), (23, 2), (16, 2), (15, 1), (8, 1)])
    func `a short clip takes the largest stride whose window fits`(count: Int, stride: Int) {
        var random: SeededRandom? = SeededRandom(seed: 9, "frames")
        let frames = Sampler(views: 1, frames: 8, stride: 4).frames(of: count, random: &random)
        #expect(zip(frames, frames.dropFirst()).allSatisfy { $1 - $0 == stride })
        #expect(frames.allSatisfy { 0..<count ~= $0 })
    }

    @Test func `a clip shorter than the sample wraps`() {
        var random: SeededRandom? = SeededRandom(seed: 9, "frames")
        let sampler = Sampler(views: 1, frames: 8, stride: 4)
        #expect(sampler.frames(of: 3, random: &random) == [0, 1, 2, 0, 1, 2, 0, 1])
        #expect(sampler.frames(of: 1, random: &random) == [0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func `evaluation takes the middle window`() {
        var none: SeededRandom?
        let frames = Sampler(views: 1, frames: 8, stride: 4).frames(of: 40, random: &none)
        #expect(frames == [4, 8, 12, 16, 20, 24, 28, 32])
    }
}
