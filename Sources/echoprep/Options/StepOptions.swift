// What a training step sees and how it is computed: the options that `train` and `experiment` share.

import ArgumentParser
import Compute
package import Runs

extension ViewChoice: ExpressibleByArgument, Measured {
    package init?(argument: String) { self.init(argument) }
    /// Of names alone, and of all, one that is never wrong.
    var number: Double { count.map { $0 == .max ? 1 : Double($0) } ?? 1 }
    package var defaultValueDescription: String { description }
}

struct StepOptions: ParsableArguments {
    @Option(help: "Clips a study (default: the preset's), or of which views, as A4C,PLAX or 4,A4C,PLAX.")
    var views: ViewChoice?
    @Option(help: "Frames a clip (default: the preset's).") var frames: Int?
    @Option(help: "Source frames from one sampled frame to the next.") var stride = 4
    @Flag(inversion: .prefixedNo, help: "Crop and turn the clips of training studies.") var augment = true
    @Option(help: "Studies a step.") var batch = 16
    @Option(help: "Parts into which a step is divided to save memory.") var accumulate = 1
    @Option(help: "In which numbers it multiplies: f32, or bf16 on the CPU engine.")
    var precision = Precision.f32

    func validate() throws {
        guard views?.count != .max else {
            throw ValidationError("--views is a number of clips, names of views, or both, as 4,A4C,PLAX")
        }
    }
}
