import Testing
import Training

@Suite struct ScheduleTests {
    @Test func `the rate warms up from half and falls as a cosine`() {
        let schedule = Schedule(peak: 2, warmup: 10, total: 110)
        #expect(schedule.rate(after: 0) == 1)
        #expect(schedule.rate(after: 5) == 1.5)
        #expect(schedule.rate(after: 10) == 2)
        #expect(abs(schedule.rate(after: 60) - 1) < 1e-12)
        #expect(abs(schedule.rate(after: 35) - (1 + 0.5.squareRoot())) < 1e-12)
        #expect(schedule.rate(after: 110) < 1e-12)
    }

    @Test func `a schedule without warm-up starts at its peak`() {
        #expect(Schedule(peak: 3, warmup: 0, total: 5).rate(after: 0) == 3)
    }
}
