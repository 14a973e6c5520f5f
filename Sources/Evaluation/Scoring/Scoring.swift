// From predictions to numbers with intervals: every measure on the data, then on resamplings of the subjects.

import EchoCore

/// How predictions are judged.
public struct ScoringOptions: Sendable {
    /// Positive is a probability of at least this.
    public var threshold = Threshold.fixed(0.5)
    /// How often the subjects are drawn with replacement; 0 for no intervals.
    public var bootstrap = 1000
    /// The percentage that an interval covers.
    public var confidence = 95.0
    public var seed: UInt64 = 1
    /// Named subsets of the codes whose macro averages are wanted.
    public var groups: [(name: String, codes: [String])] = []

    public init() {}
}

/// One model's predictions with what they are worth, on the data and on every resampling.
public struct ScoredRun: Sendable {
    public var scores: RunScores
    public let predictions: Predictions
    /// For each resampling the macro averages of all codes, then of the groups.
    let draws: [[Values]]
}

/// Scores one model's predictions.
///
/// Intervals are percentiles over resamplings of *subjects* with all their studies: a subject's studies are not
/// independent. A resampling in which a code has one class leaves that code out, of itself and of the macro average.
public func score(_ predictions: Predictions, run: String, split: String, options: ScoringOptions) throws
    -> ScoredRun
{
    let codes = CodeTable(predictions, threshold: options.threshold)
    let groups = [("macro", predictions.codes)] + options.groups
    let members = try groups.map { try codes.indices(of: $0.1, group: $0.0) }
    let whole = codes.values(weights: nil)
    var codeDraws: [[Values]] = [], groupDraws: [[Values]] = []
    for draw in 0..<options.bootstrap {
        try Interruption.check()
        let values = codes.values(weights: subjectWeights(codes.subjects.count, options.seed, draw: draw))
        codeDraws.append(values)
        groupDraws.append(members.map { Values(mean: $0.map { values[$0] }) })
    }
    func estimates(_ values: Values, _ draws: [[Values]], _ index: Int) -> Scores {
        var scores = Scores()
        for measure in Measure.allCases {
            scores[measure] = values[measure].map {
                interval(
                    around: $0, draws.compactMap { $0[index][measure] }, confidence: options.confidence)
            }
        }
        return scores
    }
    let groupScores = groups.indices.map { g in
        GroupScores(
            name: groups[g].0, codes: groups[g].1,
            undefined: members[g].filter { whole[$0][.auroc] == nil }.map { predictions.codes[$0] },
            scores: estimates(Values(mean: members[g].map { whole[$0] }), groupDraws, g))
    }
    let codeScores = predictions.codes.enumerated().map { index, code in
        let rows = predictions[code], confusion = codes.confusion(index)
        return CodeScores(
            code: code, title: nil, studies: rows.count, positives: rows.count(where: \.label),
            threshold: options.threshold[code],
            scores: estimates(whole[index], codeDraws, index), confusion: confusion,
            precision: confusion.precision, recall: confusion.recall, specificity: confusion.specificity)
    }
    let scores = RunScores(
        run: run, split: split, studies: predictions.studies, subjects: codes.subjects.count,
        threshold: options.threshold.shared, bootstrap: options.bootstrap, seed: options.seed,
        confidence: options.confidence, macro: groupScores[0], groups: Array(groupScores.dropFirst()),
        codes: codeScores, calibration: Calibration(predictions))
    return ScoredRun(scores: scores, predictions: predictions, draws: groupDraws)
}

/// How often each of `count` subjects is drawn in resampling number `draw`: `count` draws with replacement from the
/// stream that the seed and the number name, the same for every model over the same subjects.
func subjectWeights(_ count: Int, _ seed: UInt64, draw: Int) -> [Int] {
    var random = SeededRandom(seed: seed, "bootstrap", draw)
    var weights = [Int](repeating: 0, count: count)
    for _ in 0..<count { weights[random.below(count)] += 1 }
    return weights
}

/// The percentile interval of a bootstrap.
func interval(around value: Double, _ draws: [Double], confidence: Double) -> Estimate {
    guard draws.count > 1 else { return Estimate(value) }
    let sorted = draws.sorted(), tail = (100 - confidence) / 200
    return Estimate(
        value, lower: Metrics.quantile(tail, ofSorted: sorted),
        upper: Metrics.quantile(1 - tail, ofSorted: sorted))
}

/// The four measures of one code or group on one resampling; nil where undefined.
struct Values: Sendable {
    private let values: [Double?]

    init(_ value: (Measure) -> Double?) { values = Measure.allCases.map(value) }

    /// Each measure's mean over the codes that define it.
    init(mean codes: [Values]) {
        self.init { measure in Metrics.mean(codes.compactMap { $0[measure] }) }
    }

    subscript(_ measure: Measure) -> Double? { values[Measure.allCases.firstIndex(of: measure)!] }
}
