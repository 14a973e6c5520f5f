// The list of label sources: what may stand in the table `label`, and who writes it there.

package import Catalog

extension LabelSource {
    /// All sources; a new one is a line here.
    package static let all: [LabelSource] = [mimicICD, echoMeasurements, echoNetLists]

    /// Those whose rows a command writes.
    static func written(by command: String) -> [LabelSource] { all.filter { $0.command == command } }
}
