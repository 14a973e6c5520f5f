import EchoCore
import Evaluation
import Foundation
import Report
import Scoring
import Testing
import TestSupport

@Suite struct MeasurementTests {
    /// Predictions of thirty studies: the truth and something added to it, as csv.
    private func write(_ file: URL, adding error: (Int) -> Double) throws {
        var text = "study_id,subject_id,code,label,prediction\n"
        for study in 1...30 {
            let truth = 30 + Double(study * 7 % 30)
            text += "\(study),\(study / 2),EF,\(truth),\(truth + error(study))\n"
        }
        try Data(text.utf8).write(to: file)
    }

    @Test func `a file of measurements is scored, drawn and compared`() throws {
        try withTemporaryFolder { folder in
            let good = folder.appendingPathComponent("good.csv"),
                bad = folder.appendingPathComponent("bad.csv")
            let report = folder.appendingPathComponent("r.html")
            try write(good) { $0 % 2 == 0 ? 2 : -2 }
            try write(bad) { $0 % 2 == 0 ? 9 : -9 }
            let one = try Built.run("evaluate", "--predictions", good.path, "--report", report.path)
            // Two of one name are told apart by their folders, and by no more of their paths.
            let twin = folder.appendingPathComponent("twin/\(good.lastPathComponent)")
            try FileManager.default.createDirectory(
                at: twin.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: good, to: twin)
            let twins = try Built.run("evaluate", "--predictions", good.path, "--predictions", twin.path)
            #expect(twins.output.contains("twin/\(good.lastPathComponent)"))
            #expect(!twins.output.contains(folder.deletingLastPathComponent().path))
            #expect(one.status == 0, "\(one.errors)")
            #expect(one.output.contains("MAE   2.00 (2.00–2.00)") && one.output.contains("bias  0.00"))
            let page = try Page(report)
            #expect(page.text.contains("Predicted and true") && page.text.contains("Agreement"))
            #expect(page.all("circle").count >= 60 && page.references.isEmpty)
            let two = try Built.run(
                "evaluate", "--predictions", good.path, "--predictions", bad.path, "--report", report.path)
            #expect(two.output.contains("good.csv − bad.csv") && two.output.contains("-7.000"))
            #expect(try Page(report).text.contains("predicting the mean"))
        }
    }

    @Test(arguments: [
        ("study_id,code,label,prediction\n1,EF,50,\n", "is not a finite number"),
        ("study_id,code,label,prediction\n1,EF,50,51\n1,EF,50,51\n", "the same study a second time"),
        ("study_id,code,label,prediction\n1,EF,50,51\n2,ESV,50,51\n", "holds several quantities"),
        ("study_id,code,label,prediction\n1,EF,,51\n", "holds no labelled prediction"),
    ])
    func `a file of measurements that cannot be scored says why`(text: String, problem: String) throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("m.csv")
            try Data(text.utf8).write(to: file)
            let error = #expect(throws: EchoError.self) { try Answers(csv: file.path) }
            #expect(error?.description.contains(problem) == true)
        }
    }

    @Test func `probabilities and measurements are not compared`() throws {
        try withTemporaryFolder { folder in
            let measured = folder.appendingPathComponent("m.csv"),
                coded = folder.appendingPathComponent("c.csv")
            try write(measured) { _ in 1 }
            try Data("study_id,code,label,probability\n1,I50,1,0.5\n2,I50,0,0.4\n".utf8).write(to: coded)
            let outcome = try Built.run(
                "evaluate", "--predictions", measured.path, "--predictions", coded.path)
            #expect(outcome.status == 1 && outcome.errors.contains("cannot be compared"))
        }
    }
}
