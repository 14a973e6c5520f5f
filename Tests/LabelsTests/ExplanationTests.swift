import EchoCore
import Foundation
import Labels
import Testing
import TestSupport

@Suite struct ExplanationTests {
    private static let mimic = {
        var mimic = SmallMIMIC()
        mimic.add(stay: 11, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-05 00:00:00")
        mimic.add(stay: 12, of: 1, from: "2150-01-03 00:00:00", to: "2150-01-05 00:00:00")
        mimic.add(codes: "I5020", "I5099", "I10", "ZZZ", of: 1, stay: 12)
        mimic.diagnoses += "1,12,5,4280,9\n"
        mimic.add(study: 21, of: 1, at: "2150-01-04 00:00:00")
        mimic.add(study: 22, of: 1, at: "2150-01-05 12:00:00")
        mimic.add(stay: 13, of: 2, from: "2150-01-01 00:00:00", to: "2150-01-05 00:00:00")
        mimic.add(codes: "A419", of: 2, stay: 13)
        mimic.add(study: 23, of: 2, at: "2150-01-04 00:00:00")
        return mimic
    }()

    @Test func `a label says which stay and which diagnoses it comes from`() throws {
        try withTemporaryFolder { folder in
            let rule = try SplitRule("1/0/0", seed: 1)
            try Self.mimic.link(in: folder) { $0.split = rule }
            let outcome = try Built.run("link-icd", "--dataset", folder.path + "/dataset", "--explain", "21")
            let text = outcome.output.split(separator: "\n").dropLast().joined(separator: "\n")
            #expect(
                text == """
                    study 21 at 2150-01-04 00:00:00: labelled, train
                      stay 11 from 2150-01-01 00:00:00 to 2150-01-05 00:00:00: another stay at that time
                      stay 12 from 2150-01-03 00:00:00 to 2150-01-05 00:00:00: used
                      1 I10 Essential (primary) hypertension
                          ICD-10 I10 (leaf), number 3 of stay 12: Essential (primary) hypertension
                      1 I50 Heart failure
                          ICD-10 I5020 (leaf), number 1 of stay 12: Unspecified systolic (congestive) heart failure
                          ICD-10 I5099 (retired), number 2 of stay 12: no title
                      0 A41
                      diagnoses that count for nothing
                          ICD-10 ZZZ (unknown), number 4 of stay 12: no title
                          ICD-9 4280 (icd9), number 5 of stay 12: no title
                    """)
        }
    }

    @Test func `a study without labels has neither ones nor zeros`() throws {
        try withTemporaryFolder { folder in
            try Self.mimic.link(in: folder)
            let explanation = try explainLabels(dataset: folder.path + "/dataset", study: 22)
            #expect(explanation.status == "no-stay")
            #expect(explanation.nearestStayHours == 12)
            #expect(explanation.targets.map(\.value) == [nil, nil, nil])
            #expect(explanation.diagnoses.isEmpty)
            #expect(explanation.rules["window"] == "closed")
        }
    }

    @Test func `what cannot be explained is an error`() throws {
        try withTemporaryFolder { folder in
            try Self.mimic.link(in: folder)
            #expect(
                throws: EchoError(
                    "--explain", "the study list has no study 99",
                    try: "look for it in the table reject, or check the number")
            ) { try explainLabels(dataset: folder.path + "/dataset", study: 99) }
            #expect(throws: EchoError.self) { try explainLabels(dataset: folder.path, study: 21) }
        }
    }
}
