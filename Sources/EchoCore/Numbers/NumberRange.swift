// What numbers from outside may be, by their names: one list for the options of the command line and for what runs have
// written down, in which the same things have the same names.

import Foundation

/// The numbers that make sense for something.
package struct NumberRange: Sendable {
    private let least: Double, most: Double
    /// Whether the bounds themselves are none of them.
    private let isAbove: Bool, isBelow: Bool

    private init(_ least: Double, _ most: Double, isAbove: Bool = false, isBelow: Bool = false) {
        (self.least, self.most, self.isAbove, self.isBelow) = (least, most, isAbove, isBelow)
    }

    package func contains(_ number: Double) -> Bool {
        (isAbove ? number > least : number >= least) && (isBelow ? number < most : number <= most)
    }

    /// What is wrong with a number, as "is not from 1 to 1,024"; nil if nothing is.
    package func fault(_ number: Double) -> String? { contains(number) ? nil : "is not \(text)" }

    /// "from 1 to 1,024", "above 0 and at most 1".
    package var text: String {
        if most == .infinity { return "\(isAbove ? "above" : "at least") \(Self.text(least))" }
        if !isAbove, !isBelow { return "from \(Self.text(least)) to \(Self.text(most))" }
        return "\(isAbove ? "above" : "at least") \(Self.text(least)) and "
            + "\(isBelow ? "below" : "at most") \(Self.text(most))"
    }

    private static func text(_ bound: Double) -> String {
        bound == bound.rounded() && abs(bound) < 1e15 ? grouped(Int(bound)) : "\(bound)"
    }

    /// Whole numbers that are exact in every program.
    private static let any = NumberRange(-0x1p53, 0x1p53)
    private static let shares = NumberRange(0, 1), properShares = NumberRange(0, 1, isBelow: true)
    private static let rates = NumberRange(0, 1e30, isAbove: true)
    private static let workers = NumberRange(1, 4096), epochs = NumberRange(1, 1e6)
    private static let sizes = NumberRange(1, 16_384), depths = NumberRange(0, 256)
    private static let hours = NumberRange(0, 1e5), limits = NumberRange(1, .infinity, isAbove: true)

    /// By the names of options; those of other files have underscores, or are written as in camelCase.
    private static let named: [String: NumberRange] = [
        // What a model sees.
        "views": NumberRange(1, 1024), "frames": NumberRange(1, 4096), "stride": NumberRange(1, 10_000),
        "views-per-pass": NumberRange(1, 1024), "batch": NumberRange(1, 1e6),
        "accumulate": NumberRange(1, 1e6), "rotation": NumberRange(0, 180),
        // How it learns.
        "epochs": epochs, "pretrain-epochs": epochs, "frozen-epochs": epochs, "extend": epochs,
        "warmup-epochs": NumberRange(0, 1e6), "lr": rates, "pretrain-lr": rates, "frozen-lr": rates,
        "weight-decay": NumberRange(0, 10), "clip": rates,
        "layer-decay": NumberRange(0, 1, isAbove: true), "ema": properShares, "mask-ratio": properShares,
        "latent-mask-ratio": properShares, "mask-views": NumberRange(0, 64),
        "latent-queries": NumberRange(0, 65_536), "guard-steps": NumberRange(0, 1e9), "guard-loss": limits,
        "guard-norm": limits, "checkpoint-every": NumberRange(1, 1e9), "keep-last": NumberRange(0, 1e6),
        "pictures-every": NumberRange(0, 1e9), "trace-step": NumberRange(1, 1e9),
        "trace-steps": NumberRange(1, 9999),
        // Its sizes.
        "image": NumberRange(1, 4096), "patch": NumberRange(1, 4096), "channels": NumberRange(1, 3),
        "dim": sizes, "decoder-dim": sizes, "heads": sizes, "latent-heads": NumberRange(0, 16_384),
        "decoder-heads": sizes, "depth": NumberRange(1, 256), "latent-depth": depths,
        "decoder-depth": NumberRange(1, 256), "outputs": NumberRange(0, 1e5),
        "head-outputs": NumberRange(1, 1e5), "deviation": NumberRange(0, 1e12, isAbove: true),
        "mean": NumberRange(-1e12, 1e12), "positive-weights": NumberRange(0, 1e9),
        "train": NumberRange(0, 1e9), "validation": NumberRange(0, 1e9), "step": NumberRange(0, 0x1p40),
        // How it is judged.
        "draws": NumberRange(1, 10_000), "bootstrap": NumberRange(0, 1e6),
        "confidence": NumberRange(0, 100, isAbove: true, isBelow: true),
        // Where and how something is done.
        "threads": workers, "jobs": workers, "stage-jobs": workers, "tries": NumberRange(1, 1000),
        "retry-wait": NumberRange(0, 86_400), "stall": NumberRange(0, 604_800, isAbove: true),
        // Clips and pictures.
        "studies": NumberRange(1, 1e6), "size": NumberRange(16, 4096), "max-frames": NumberRange(2, 1e6),
        "shard-size": NumberRange(1, 0x1p36), "pack-size": NumberRange(1, 0x1p40),
        "space": NumberRange(1, 0x1p60), "memory": NumberRange(1, 0x1p50), "fps": NumberRange(0.1, 1000),
        "crf": NumberRange(0, 51), "test-fold": NumberRange(0, 1000),
        "count": NumberRange(1, 1e6), "frame": NumberRange(0, 1e6),
        // Labels.
        "margin-before": hours, "margin-after": hours, "top": NumberRange(1, 100_000),
        "min-prevalence": shares, "explain": NumberRange(0, 0x1p53),
    ]

    /// Of that name; of one that is not in the list whole numbers that are exact, and fractions as large.
    package static func of(_ name: String) -> NumberRange {
        var key = ""
        for character in name {
            if character == "_" {
                key += "-"
            } else if character.isUppercase {
                key += "-" + character.lowercased()
            } else {
                key.append(character)
            }
        }
        return named[key] ?? any
    }
}

extension NumberRange {
    /// What is wrong with the numbers of an object of JSON, by the names under which they stand, as "found.model.channels is
    /// not from 1 to 3"; nil if nothing is. Those of a list have the list's name. The name `seed` may have any.
    package static func fault(inJSON value: Any, named name: String = "", at place: String = "") -> String? {
        switch value {
        case let object as [String: Any]:
            for (key, value) in object.sorted(by: { $0.key < $1.key }) {
                let inner = place.isEmpty ? key : "\(place).\(key)"
                if let fault = fault(inJSON: value, named: key, at: inner) { return fault }
            }
            return nil
        case let list as [Any]:
            for value in list {
                if let fault = fault(inJSON: value, named: name, at: place) { return fault }
            }
            return nil
        case let number as NSNumber where name != "seed":
            return of(name).fault(number.doubleValue).map { "\(place) \($0)" }
        default: return nil
        }
    }
}
