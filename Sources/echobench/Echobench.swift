// The races against named peers: every benchmark prints both times, ties and losses too.

import ArgumentParser
import EchoCore

@main
struct Echobench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echobench", abstract: "Times echoprep's stages beside named peers.",
        subcommands: [
            IngestBench.self, LabelsBench.self, LoaderBench.self, TrainBench.self, GrowthBench.self,
            ScaleBench.self, StepBench.self,
        ])

    static func main() {
        Progress.show(on: .standardError)
        main(nil)
    }
}
