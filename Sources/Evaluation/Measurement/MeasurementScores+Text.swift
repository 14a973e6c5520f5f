// Measurements as the lines that `echoprep evaluate` prints.

import EchoCore

extension MeasurementScores {
    /// The heading, a line a measure, and what the mean alone would be worth.
    var text: String {
        var table = TextTable((quantity, .left), ("", .left), ("predicting the mean", .left))
        table.add(["MAE", intervalText(mae, decimals: 2), intervalText(meanMAE, decimals: 2)])
        table.add(["RMSE", intervalText(rmse, decimals: 2), intervalText(meanRMSE, decimals: 2)])
        table.add(["R²", intervalText(r2), fixed(0, 3)])
        table.add([
            "bias",
            "\(fixed(bias, 2)), limits of agreement \(fixed(lowerLimit, 2)) to \(fixed(upperLimit, 2))",
            "",
        ])
        let intervals =
            bootstrap > 1
            ? " · \(percentage(confidence)) intervals by \(grouped(bootstrap)) resamplings of subjects" : ""
        return "\(run) · \(split) · \(population)\(intervals)\n\n\(table.text)"
    }

    /// Numbers in full.
    var csv: String {
        csvText(
            ["measure", "value", "lower", "upper"],
            [
                ("mae", mae), ("rmse", rmse), ("r2", r2), ("mean_mae", meanMAE), ("mean_rmse", meanRMSE),
                ("bias", Estimate(bias, lower: lowerLimit, upper: upperLimit)),
            ].map { name, estimate in
                [name] + [estimate?.value, estimate?.lower, estimate?.upper].map { $0.map { "\($0)" } }
            })
    }
}
