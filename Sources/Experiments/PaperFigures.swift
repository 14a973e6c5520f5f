// What the paper found (LAMAE, arXiv 2604.15096, Tables 1 and 2), to stand beside what we find.

import Catalog
import Models
import Report
import Scoring
import Tasks

/// Mean ± standard deviation over three seeds, on the paper's own test splits.
enum PaperFigures {
    /// A line of such a table: a model, fully fine-tuned and frozen.
    private struct Line {
        let model: ModelKind
        let full: (Double, Double), frozen: (Double, Double)

        init(_ model: ModelKind, full: (Double, Double), frozen: (Double, Double)) {
            self.model = model
            self.full = full
            self.frozen = frozen
        }
    }

    private static let auroc = [
        Line(.mae, full: (0.72, 0.02), frozen: (0.62, 0.02)),
        Line(.videoMAE, full: (0.73, 0.02), frozen: (0.61, 0.02)),
        Line(.lamae, full: (0.74, 0.02), frozen: (0.62, 0.02)),
        Line(.videoLAMAE, full: (0.75, 0.01), frozen: (0.62, 0.02)),
    ]
    private static let f1 = [
        Line(.mae, full: (0.58, 0.04), frozen: (0.18, 0.01)),
        Line(.videoMAE, full: (0.58, 0.03), frozen: (0.28, 0.03)),
        Line(.lamae, full: (0.59, 0.04), frozen: (0.20, 0.01)),
        Line(.videoLAMAE, full: (0.60, 0.03), frozen: (0.27, 0.03)),
    ]
    /// Mean absolute errors of ejection fractions, in points.
    private static let dynamic = [
        Line(.mae, full: (5.27, 0.11), frozen: (8.14, 0.05)),
        Line(.videoMAE, full: (4.34, 0.07), frozen: (6.92, 0.20)),
        Line(.lamae, full: (4.38, 0.09), frozen: (7.40, 0.04)),
        Line(.videoLAMAE, full: (4.34, 0.04), frozen: (6.78, 0.13)),
    ]
    private static let pediatric = [
        Line(.mae, full: (4.92, 0.08), frozen: (6.80, 0.04)),
        Line(.videoMAE, full: (4.24, 0.13), frozen: (6.61, 0.16)),
        Line(.lamae, full: (4.22, 0.06), frozen: (6.73, 0.10)),
        Line(.videoLAMAE, full: (3.92, 0.05), frozen: (6.49, 0.09)),
    ]

    /// Puts the paper's figures beside those of an experiment that it did.
    ///
    /// - Parameters:
    ///   - datasets: the folders of the datasets that were judged; which of EchoNet's one is, its ingest knows
    ///   - prefixes: what stands before the measure in the columns of each
    static func add(
        to table: inout ResultTable, of experiment: Experiment, datasets: [String], prefixes: [String]
    ) throws {
        guard experiment.presentation == .table else { return }
        for (dataset, prefix) in zip(datasets, prefixes) {
            switch experiment.task {
            case .icd:
                add(auroc, .auroc, prefix, to: &table)
                add(f1, .f1, prefix, to: &table)
            case .lvef:
                let run = try Catalog(datasetFolder: dataset, readOnly: true).lastRun(of: "ingest")
                switch run?.rules["layout"] {
                case "echonet-dynamic": add(dynamic, .mae, prefix, to: &table)
                case "echonet-pediatric": add(pediatric, .mae, prefix, to: &table)
                default: break
                }
            default: break
            }
        }
    }

    private static func add(
        _ lines: [Line], _ measure: Measure, _ prefix: String, to table: inout ResultTable
    ) {
        for line in lines {
            for (regime, found) in [(Arm.Regime.full, line.full), (.frozen, line.frozen)] {
                let name = "\(regime.title): \(line.model.title)"
                let value = Spread(mean: found.0, deviation: found.1)
                table.add(published: value, row: name, column: prefix + measure.title)
            }
        }
    }
}
