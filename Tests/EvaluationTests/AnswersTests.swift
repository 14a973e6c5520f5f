import EchoCore
import Evaluation
import Foundation
import Scoring
import Tasks
import Testing
import TestSupport
import Training

@Suite struct AnswersTests {
    private func read(_ text: String) throws -> Answers {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("p.csv")
            try Data(text.utf8).write(to: file)
            return try Answers(csv: file.path)
        }
    }

    @Test func `predictions are written and read back as they were`() throws {
        var predictions = Answers(.classes)
        predictions.append(
            .init(study: "1", subject: "9", truth: 1, answer: 1 / 3, logit: -0.1), to: "I50")
        predictions.append(.init(study: "a,\"b\"", subject: "", truth: 0, answer: 0), to: "I11")
        // A study without a subject is read as its own.
        let back = try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("p.csv").path
            try predictions.write(csv: path)
            return try Answers(csv: path)
        }
        #expect(back.targets == ["I50", "I11"])
        #expect(back["I50"] == predictions["I50"])
        #expect(
            back["I11"] == [.init(study: "a,\"b\"", subject: "a,\"b\"", truth: 0, answer: 0)])
    }

    @Test func `columns go by name, in any order, quoted or not`() throws {
        let found = try read(
            "\u{FEFF}probability,\"code\",extra,label,study_id\r\n0.25,I50,x,1.0,7\r\n\r\n0.5,I50,,,8\r\n")
        #expect(found["I50"] == [.init(study: "7", subject: "7", truth: 1, answer: 0.25)])
    }

    @Test(arguments: [
        ("", "is empty"),
        ("study_id,code,label\n", "has no column probability"),
        ("study_id,code,label,probability\n1,I50,1,2.5\n", "line 2: a probability outside of 0 to 1"),
        ("study_id,code,label,probability\n1,I50,1,nan\n", "that is not a finite number"),
        ("study_id,code,label,probability\n1,I50,yes,0.5\n", "line 2: a label that is not 0, 1 or empty"),
        ("study_id,code,label,probability\n1,I50,1\n", "line 2: not as many fields as the header has"),
        (
            "study_id,code,label,probability\n1,I50,1,0.5\n1,I50,0,0.5\n",
            "line 3: the same study and code a second time"
        ),
        ("study_id,code,label,probability\n1,I50,,0.5\n", "holds no labelled prediction"),
        ("study_id,code,label,probability\n1,\"I50,1,0.5\n", "ends inside a quoted field"),
    ])
    func `a file that cannot be scored says why`(text: String, problem: String) throws {
        let error = #expect(throws: EchoError.self) { try read(text) }
        #expect(error?.description.contains(problem) == true)
    }

    @Test func `the command scores a file of predictions`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("p.csv")
            try Data(
                "study_id,code,label,probability\n1,I50,1,0.9\n2,I50,0,0.1\n1,K21,0,0.5\n2,K21,1,0.5\n".utf8
            ).write(to: file)
            let outcome = try Built.run(
                "evaluate", "--predictions", file.path, "--bootstrap", "0", "--group", "shown=I50")
            #expect(outcome.status == 0)
            #expect(
                outcome.output == """
                    p.csv · file · 2 studies of 2 subjects · threshold 0.5

                    code   title            n  positive  AUROC  F1
                    I50                     2         1  1.000  1.000
                    K21                     2         1  0.500  0.667
                    macro  mean of 2 codes               0.750  0.833
                    shown  mean of 1 code                1.000  1.000


                    """)
            let wrong = try Built.run("evaluate", "--predictions", file.path, "--group", "x=I51")
            #expect(wrong.status == 1)
            #expect(wrong.errors.contains("--group x: no predictions for code I51"))
        }
    }
}
