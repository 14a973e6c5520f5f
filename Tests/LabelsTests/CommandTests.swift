import Foundation
import Testing
import TestSupport

@Suite struct LinkICDCommandTests {
    @Test func `the command prints what it found`() throws {
        try withTemporaryFolder { folder in
            var mimic = SmallMIMIC()
            mimic.add(stay: 10, of: 1, from: "2150-01-01 00:00:00", to: "2150-01-02 00:00:00")
            mimic.add(codes: "I5020", "I10", of: 1, stay: 10)
            mimic.add(study: 20, of: 1, at: "2150-01-01 12:00:00")
            mimic.add(study: 21, of: 1, at: "2150-02-01 12:00:00")
            try mimic.write(to: folder)
            let arguments = [
                "link-icd", "--dataset", folder.path + "/dataset", "--mimic-iv", folder.path, "--echo",
                folder.path + "/echo", "--split", "1/0/0",
            ]
            let first = try Built.run(arguments)
            #expect(first.errors == "next: echoprep train --dataset \(folder.path)/dataset --run RUN\n")
            #expect(first.status == 0)
            #expect(
                first.output.hasPrefix(
                    """
                    2 studies
                            1 labelled
                            1 no-stay
                    labelled studies by split
                            1 train
                    2 targets
                            1 100.00 % I10 Essential (primary) hypertension
                            1 100.00 % I50 Heart failure
                    beside the paper: 1 labelled studies, 3,438 there

                    """))
            mimic.diagnoses += "1,10,3,,10\n"
            try mimic.write(to: folder)
            let strict = try Built.run(arguments + ["--strict", "--json"])
            #expect(strict.status == 2)
            #expect(strict.output.contains("\"diagnoses_icd\" : 1"))
        }
    }

    @Test func `without clips the lists must be named`() throws {
        try withTemporaryFolder { folder in
            let outcome = try Built.run("link-icd", "--dataset", folder.path, "--mimic-iv", folder.path)
            #expect(outcome.status == 1)
            #expect(
                outcome.errors == """
                    echoprep: --dataset: holds no clips yet, so the folder of MIMIC-IV-ECHO is not known
                      try: name the folder of echo-study-list.csv with --echo

                    """)
        }
    }

    @Test(arguments: [
        ["--top", "0"], ["--window", "open"], ["--min-prevalence", "2"], ["--margin-before", "nan"],
    ])
    func `wrong options are wrong usage`(options: [String]) throws {
        #expect(try Built.run(["link-icd", "--dataset", "a", "--mimic-iv", "b"] + options).status == 64)
    }
}
