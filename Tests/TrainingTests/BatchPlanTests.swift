import StudyData
import Testing

@Suite struct BatchPlanTests {
    @Test(arguments: [(10, 4, 1), (10, 4, 2), (16, 16, 16), (3, 16, 4), (7, 3, 3)])
    func `every epoch takes every study once`(studies: Int, batch: Int, accumulate: Int) {
        let plan = BatchPlan(studies: studies, batch: batch, accumulate: accumulate, seed: 1)
        for epoch in 0..<3 {
            let parts = (0..<plan.partsPerEpoch).map { plan.part(epoch * plan.partsPerEpoch + $0) }
            #expect(parts.allSatisfy { $0.epoch == epoch })
            #expect(parts.flatMap { plan.studies(of: $0) }.sorted() == Array(0..<studies))
            #expect(parts.count { $0.endsStep } == plan.stepsPerEpoch)
            #expect(parts.map(\.endsEpoch) == Array(repeating: false, count: parts.count - 1) + [true])
            let steps = Dictionary(grouping: parts, by: \.step)
            for step in steps.values {
                #expect(step.flatMap { plan.studies(of: $0) } == plan.studiesOfStep(of: step[0]))
                #expect(step.count <= accumulate && step[0].stepPlaces.count <= batch)
            }
        }
    }

    @Test func `a step begins with its first part`() {
        let plan = BatchPlan(studies: 10, batch: 4, accumulate: 2, seed: 1)
        for step in 0..<9 {
            let part = plan.part(plan.firstPart(ofStep: step))
            #expect(part.step == step)
            #expect(part.places.lowerBound % 4 == 0)
        }
    }
}
