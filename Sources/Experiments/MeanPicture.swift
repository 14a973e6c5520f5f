// What the linear floor sees of a study: the mean of all its views and frames, 28 × 28 pixels.

import EchoCore
import Models
import StudyData

/// The mean picture of each study, as the models' validation would load it.
///
/// - Parameter side: rows and columns that pixels are averaged to, at most the loader's
/// - Returns: [studies][channels · side · side]
func meanPictures(_ studies: [Study], _ loader: BatchLoader, workers: Int, side: Int = 28) throws -> [[Float]]
{
    let shape = loader.model, side = min(side, shape.image), plane = shape.image * shape.image
    var pictures: [[Float]] = []
    try loader.evaluate(studies, batch: 1, workers: workers) { _, batch in
        var sums = [Float](repeating: 0, count: shape.channels * side * side)
        var counts = sums
        for (index, value) in batch.input.numbers(of: shape, on: loader.engine).enumerated() {
            let (channel, place) = (index / plane % shape.channels, index % plane)
            let (y, x) = (place / shape.image * side / shape.image, place % shape.image * side / shape.image)
            let at = (channel * side + y) * side + x
            sums[at] += value
            counts[at] += 1
        }
        pictures.append(zip(sums, counts).map { $0 / $1 })
    }
    return pictures
}
