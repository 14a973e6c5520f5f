// How far a run is, read from its folder alone.

import Foundation
import Shards

/// How far a run is.
package enum RunProgress: Sendable, Equatable {
    case missing
    /// Epochs whose end is written, of all.
    case begun(epochs: Int, of: Int)
    case done(epochs: Int)

    package init(run: String) {
        let folder = RunFolder(run)
        guard let configuration = try? RunConfiguration(run: run) else {
            self = .missing
            return
        }
        let text = (try? SafetensorsFile(path: folder.state))?.metadata["state"]
        let state = text.flatMap { try? JSONDecoder().decode(RunState.self, from: Data($0.utf8)) }
        let (finished, all) = (state?.finishedEpochs ?? 0, configuration.recipe.epochCount)
        self = finished == all ? .done(epochs: all) : .begun(epochs: finished, of: all)
    }

    package var text: String {
        switch self {
        case .missing: "missing"
        case .begun(let epochs, let all): "epoch \(epochs) of \(all)"
        case .done(let epochs): "done, \(epochs) epochs"
        }
    }
}
