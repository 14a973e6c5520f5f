// All operations that engines are judged by, each at several shapes, odd ones included.

import Compute
import EchoCore
import Foundation

extension EngineTrial {
    /// Every operation of an engine.
    package static let all: [EngineTrial] =
        layers + [attention, crossAttention, rows, pictures, frames, losses, learning].flatMap { $0 }

    private static let layers: [EngineTrial] = [
        (1, 1, 1), (7, 5, 3), (33, 17, 40), (300, 96, 288), (64, 768, 96), (520, 600, 300),
    ].flatMap { rows, inputs, outputs in
        [BufferUse.values, .factors].flatMap { layers(rows, inputs, outputs, for: $0) }
    }

    private static func layers(_ rows: Int, _ inputs: Int, _ outputs: Int, for use: BufferUse)
        -> [EngineTrial]
    {
        let shape = "\(rows)×\(inputs)→\(outputs) of \(use)"
        return [
            EngineTrial("linear \(shape)") { b in
                let (x, w) = (b.input(rows * inputs, for: use), b.input(outputs * inputs))
                let bias = b.input(outputs)
                let epilogues: [Epilogue] = [
                    .none, .gelu(into: b.output("gelu", rows * outputs, for: use)),
                    .adding(b.input(rows * outputs)),
                ]
                for (name, epilogue) in zip(["y", "before", "sum"], epilogues) {
                    b.engine.linear(
                        x, weight: w, bias: bias, into: b.output(name, rows * outputs, for: use), rows: rows,
                        inputs: inputs, outputs: outputs, then: epilogue)
                }
            },
            EngineTrial("linear gradients \(shape)") { b in
                let (dy, x) = (b.input(rows * outputs, for: use), b.input(rows * inputs, for: use))
                let w = b.input(outputs * inputs)
                for (gelu, adding) in [(false, false), (true, false), (false, true)] {
                    b.engine.linearInputGradient(
                        dy, weight: w, into: b.output("dx", rows * inputs, added: adding, for: use),
                        accumulating: adding, rows: rows, inputs: inputs, outputs: outputs,
                        through: gelu ? b.output("gelu", rows * inputs, added: true, for: use) : nil)
                }
                for adding in [false, true] {
                    b.engine.linearWeightGradient(
                        dy, x: x, into: b.output("dw", outputs * inputs, added: adding),
                        and: b.output("db", outputs, added: adding), accumulating: adding, rows: rows,
                        inputs: inputs, outputs: outputs)
                }
            },
            EngineTrial("layer norm \(rows)×\(inputs + 1) to \(use)") { b in
                let width = inputs + 1
                let (x, scale, shift) = (b.input(rows * width, scale: 3), b.input(width), b.input(width))
                let statistics = b.keeping("statistics", rows * 2)
                b.engine.layerNorm(
                    x, scale: scale, shift: shift, into: b.output("y", rows * width, for: use),
                    statistics: statistics, rows: rows, width: width, epsilon: 1e-6)
                for adding in [false, true] {
                    b.engine.layerNormGradient(
                        b.input(rows * width, for: use), x: x, scale: scale, statistics: statistics,
                        into: b.output("dx", rows * width, added: adding), accumulating: adding,
                        addingTo: b.output("dscale", width, added: true),
                        and: b.output("dshift", width, added: true), rows: rows, width: width)
                }
            },
        ]
    }

    private static let attention: [EngineTrial] = [
        AttentionShape(segments: [1], heads: 1, headWidth: 1),
        AttentionShape(segments: [3, 1, 8, 5], heads: 2, headWidth: 5),
        AttentionShape(segments: Array(repeating: 8, count: 9), heads: 4, headWidth: 24),
        AttentionShape(segments: [127, 128, 129, 300], heads: 3, headWidth: 16),
        AttentionShape(segments: [515], heads: 1, headWidth: 64),
    ].flatMap { shape in
        // What is rounded to eight bits before it is exponentiated keeps fewer of them, the larger it is.
        [(BufferUse.values, 2.0), (.factors, 0.5)].map { use, scale in
            EngineTrial("attention \(shape.segments) of \(shape.heads)×\(shape.headWidth) \(use)") { b in
                let total = shape.rows * shape.width
                let qkv = b.input(3 * total, scale: scale, for: use)
                let y = b.output("y", total, for: use)
                let logSums = b.keeping("logSums", shape.rows * shape.heads)
                b.engine.attention(qkv, into: y, logSums: logSums, shape: shape)
                b.engine.attentionGradient(
                    b.input(total, for: use), qkv: qkv, y: y, logSums: logSums,
                    into: b.output("dqkv", 3 * total, for: use), shape: shape)
            }
        }
    }

    private static let crossAttention: [EngineTrial] = [
        CrossAttentionShape(queries: [1], keys: [1], heads: 1, headWidth: 1),
        CrossAttentionShape(queries: [3, 1, 8], keys: [2, 9, 1], heads: 2, headWidth: 5),
        CrossAttentionShape(queries: [8, 8], keys: [300, 129], heads: 3, headWidth: 16),
        CrossAttentionShape(queries: [515, 128], keys: [7, 130], heads: 1, headWidth: 64),
    ].map { shape in
        EngineTrial("attention of \(shape.queries) to \(shape.keys), \(shape.heads)×\(shape.headWidth)") {
            b in
            let (queries, keys) = (shape.queryRows * shape.width, shape.keyRows * shape.width)
            let (q, kv) = (b.input(queries, scale: 2), b.input(2 * keys, scale: 2))
            let (y, logSums) = (b.output("y", queries), b.keeping("logSums", shape.queryRows * shape.heads))
            b.engine.crossAttention(q, kv, into: y, logSums: logSums, shape: shape)
            b.engine.crossAttentionGradient(
                b.input(queries), q: q, kv: kv, y: y, logSums: logSums, into: b.output("dq", queries),
                and: b.output("dkv", 2 * keys), shape: shape)
        }
    }

    private static let rows: [EngineTrial] = [(3, 1), (20, 7), (130, 48)].flatMap { count, width in
        [
            EngineTrial("gather \(count)×\(width)") { b in
                let x = b.input(2 * count * width)
                let index = b.engine.rows(b.index(count, below: 2 * count))
                let gaps = b.engine.rows(b.index(count, below: 2 * count, gaps: true))
                b.engine.gather(x, rows: index, filler: nil, into: b.output("y", count * width), width: width)
                b.engine.gather(
                    x, rows: gaps, filler: b.input(width), into: b.output("filled", count * width),
                    width: width)
                for adding in [false, true] {
                    b.engine.gatherGradient(
                        b.input(count * width), rows: gaps,
                        into: b.output("dx", 2 * count * width, added: adding),
                        accumulating: adding, addingTo: b.output("dfiller", width, added: true),
                        rows: 2 * count,
                        width: width)
                }
                b.engine.addRows(
                    of: x, at: index, to: b.output("sum", count * width, added: true), width: width)
            },
            EngineTrial("mean of segments \(count)×\(width)") { b in
                let segments = [1, count - 2, 1]
                b.engine.meanOfSegments(
                    b.input(count * width), segments: segments, into: b.output("y", 3 * width), width: width)
                for adding in [false, true] {
                    b.engine.meanOfSegmentsGradient(
                        b.input(3 * width), segments: segments,
                        into: b.output("dx", count * width, added: adding),
                        accumulating: adding, width: width)
                }
            },
            EngineTrial("add, copy and fill \(count)×\(width)") { b in
                let x = b.input(count * width)
                b.engine.add(x, to: b.output("sum", count * width, added: true))
                b.engine.copy(x, to: b.output("copy", count * width))
                b.engine.fill(b.output("constant", count * width), with: 0.1)
            },
        ]
    }

    private static let pictures: [EngineTrial] = [
        PatchGrid(side: 1, patch: 1, channels: 1), PatchGrid(side: 3, patch: 4, channels: 3),
        PatchGrid(side: 8, patch: 14, channels: 1),
    ].map { grid in
        EngineTrial("patches \(grid.side)×\(grid.patch)×\(grid.channels)") { b in
            let pixels = b.input(5 * grid.frame)
            let index = b.engine.rows(b.index(2 * grid.count + 1, below: 5 * grid.count))
            for order in [PatchOrder.channelsFirst, .channelsLast] {
                let y = b.output("\(order)", index.count * grid.width)
                b.engine.patches(of: pixels, grid, at: index, order: order, into: y)
                if grid.width > 1 {
                    b.engine.normaliseRows(y, rows: index.count, width: grid.width, epsilon: 1e-6)
                }
            }
        }
    }

    private static let frames: [EngineTrial] = [(1, 1, 1, 1), (9, 1, 12, 12), (5, 3, 14, 5), (3, 1, 17, 33)]
        .map { frames, channels, side, image in
            EngineTrial("resample \(frames)×\(channels)×\(side)² to \(image)²") { b in
                let scale = (0..<channels).map { 0.01 + 0.002 * Float($0) }, shift = scale.map { -90 * $0 }
                // Of two sizes, plain and turned, the last one alike to the one before.
                var clips: [ClipSamples] = [], start = 3
                for (side, angle) in [(side, 0.0), (side + 4, 0.3), (side + 4, 2.9)] {
                    let count = max(1, (side + image - 1) / image),
                        step = Double(side) / Double(image * count)
                    let (c, s) = (step * cos(angle), step * sin(angle))
                    let first = (Double(image * count) - 1) / 2, middle = Double(side - 1) / 2
                    clips.append(
                        ClipSamples(
                            start: start, frames: frames, side: side, x: middle - first * (c - s),
                            y: middle - first * (s + c), acrossX: c, acrossY: s, downX: -s, downY: c,
                            rows: count, columns: count, scale: scale.map { $0 / Float(count * count) },
                            shift: shift))
                    start += frames * side * side * channels
                }
                let pixels = b.engine.staging(start + 5)
                pixels.write(b.bytes(start + 5), at: 0)
                let planes = clips.reduce(0) { $0 + $1.planes }
                b.engine.resample(
                    clips, of: pixels, into: b.output("images", planes * image * image), image: image)
            }
        }

    private static let losses: [EngineTrial] = [(1, 1), (9, 13), (70, 196)].flatMap { rows, width in
        [
            EngineTrial("squared error \(rows)×\(width)") { b in
                let (x, target) = (b.input(rows * width), b.unknown(rows * width, width: width))
                let weights = b.weights(rows)
                for gradient in [nil, b.output("dx", rows * width)] {
                    let loss = b.sum()
                    b.engine.squaredError(
                        x, target: target, weights: weights, width: width, gradient: gradient, scale: 0.7,
                        addingTo: loss)
                    b.note(loss)
                }
            },
            EngineTrial("binary cross-entropy \(rows)×\(width)") { b in
                let (x, target) = (b.input(rows * width, scale: 20), b.unknown(rows * width, scale: 0.3))
                let weights = b.weights(rows * width)
                for gradient in [nil, b.output("dx", rows * width)] {
                    let loss = b.sum()
                    b.engine.binaryCrossEntropy(
                        x, target: target, weights: weights, gradient: gradient, scale: 0.7, addingTo: loss)
                    b.note(loss)
                }
            },
        ]
    }

    private static let learning: [EngineTrial] = [1, 37, 70_000].flatMap { count in
        [
            EngineTrial("AdamW \(count)") { b in
                let learned = [count, 3].map { count in
                    let (first, second) = (b.output("first", count), b.output("second", count))
                    b.engine.fill(first, with: 0)
                    b.engine.fill(second, with: 0)
                    return Learned(
                        value: b.output("parameter", count, added: true), gradient: b.input(count),
                        first: first, second: second, rate: 1e-2, weightDecay: 0.05)
                }
                let (norm, steps, broken) = (b.sum(), b.sum(0), b.sum(.infinity))
                b.engine.norm(of: learned.map(\.gradient), into: norm)
                b.note(norm)
                // The second of these steps is none.
                for sound in [[norm], [norm, broken], [norm, b.sum()]] {
                    for parameter in learned { b.refill(parameter.gradient) }
                    b.engine.adamW(learned, AdamWFactors(clip: 0.3), sound: sound, steps: steps)
                    b.note(steps)
                }
            },
            EngineTrial("blend \(count)") { b in
                let targets = [count, 5].map { b.output("average", $0, added: true) }
                b.engine.blend([b.input(count), b.input(5)], into: targets, share: 0.3)
            },
            EngineTrial("slab \(count)") { b in
                let slab = b.engine.slab([2, count, 1], for: .values)
                b.engine.fill(slab.whole, with: 1)
                b.engine.add(b.input(count), to: slab.parts[1])
                b.engine.add(b.input(count + 3), to: slab.whole)
                for (name, part) in zip(["first", "second", "third"], slab.parts) {
                    b.engine.copy(part, to: b.output(name, part.count))
                }
            },
        ]
    }
}
