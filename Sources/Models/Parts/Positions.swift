// Where a token stands in space and time, in sines and cosines (Vaswani et al. 2017; in two dimensions as in MAE).

import Foundation

/// [positions.count, width]: each position as [sin | cos] of position / 10000^(i / (width/2)), i in 0 ..< width/2.
func sineCosine(_ positions: [Int], width: Int) -> [Float] {
    let half = width / 2
    return positions.flatMap { position in
        let angles = (0..<half).map { Double(position) / pow(10_000, Double($0) / Double(half)) }
        return angles.map { Float(sin($0)) } + angles.map { Float(cos($0)) }
    }
}

/// [side·side, width]: for each patch, row by row, its column in the first half of the width, its row in the second.
package func spaceTable(side: Int, width: Int) -> [Float] {
    let axis = sineCosine(Array(0..<side), width: width / 2)
    func code(_ position: Int) -> ArraySlice<Float> {
        axis[position * width / 2..<(position + 1) * width / 2]
    }
    return (0..<side * side).flatMap { code($0 % side) + code($0 / side) }
}
