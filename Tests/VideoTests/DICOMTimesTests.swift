// Which element tells when a DICOM clip's frames were taken.

import DICOM
import EchoCore
import Testing
import Video

@Suite struct DICOMTimesTests {
    private let vector: [Double] = [0, 30, 20, 30, 20, 30]
    private let times: [Double] = [0, 30, 50, 80, 100, 130]

    private func header(_ change: (inout DICOMElements) -> Void) throws -> ClipHeader {
        try openClip(BrokenFile(.jpegBaseline, change).bytes, name: "a.dcm").header
    }

    @Test(arguments: [DICOMTag.frameTime, .frameTimeVector, nil])
    func `FrameIncrementPointer decides between FrameTime and the vector`(pointer: DICOMTag?) throws {
        let header = try header {
            $0.add(.frameTime, .DS, 25)
            $0.add(.frameTimeVector, .DS, vector)
            if let pointer { $0.add(.frameIncrementPointer, pointingAt: pointer) }
        }
        if pointer == .frameTime {
            #expect(header.framesPerSecond == 40 && header.frameTimes == nil)
        } else {
            #expect(header.frameTimes == times)
        }
        #expect(header.flags.isEmpty)
    }

    @Test func `a vector may lack the step before the first frame`() throws {
        let header = try header { $0.add(.frameTimeVector, .DS, Array(vector.dropFirst())) }
        #expect(header.frameTimes == times)
        #expect(header.framesPerSecond == 1000 * 5 / 130.0)
    }

    @Test(arguments: [[0, 30, -20, 30, 20, 30], [0, 30, 0, 30, 20, 30], [0, 0, 0, 0, 0, 0]])
    func `steps that are not positive are no times, which is told`(steps: [Double]) throws {
        let header = try header {
            $0.add(.frameTimeVector, .DS, steps)
            $0.add(.cineRate, .IS, 30)
        }
        #expect(header.frameTimes == nil && header.framesPerSecond == 30)
        #expect(header.flags == ["times-unusable"])
    }

    @Test func `without either, other modules tell the pace, in an order`() throws {
        let steps: [(DICOMTag, VR, Double, Double)] = [
            (.effectiveDuration, .DS, 0.25, 24), (.actualFrameDuration, .IS, 40, 25),
            (.cineRate, .IS, 30, 30),
            (.recommendedDisplayFrameRate, .IS, 50, 50), (.frameTime, .DS, 10, 100),
        ]
        for count in 1...steps.count {
            let header = try header {
                for (tag, vr, value, _) in steps.prefix(count) { $0.add(tag, vr, value) }
            }
            #expect(header.framesPerSecond == steps[count - 1].3)
        }
    }

    @Test(arguments: [0, -5, 1e9]) func `a rate that no machine has is none`(frameTime: Double) throws {
        let header = try header {
            $0.add(.frameTime, .DS, frameTime)
            $0.add(.recommendedDisplayFrameRate, .IS, 40)
        }
        #expect(header.framesPerSecond == 40)
    }
}
