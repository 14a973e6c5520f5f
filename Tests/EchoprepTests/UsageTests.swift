// What is typed wrongly, as a user meets it: exit 64, with what is nearest or what would be right.

import Foundation
import Testing
import TestSupport

@Suite struct UsageTests {
    @Test(arguments: [
        (["trian"], "echoprep: trian: is no command of echoprep\n  try: echoprep train\n"),
        (["label", "imprt"], "imprt: is no command of echoprep label\n  try: echoprep label import\n"),
        (["train", "--epoch", "3"], "--epoch: is no option of echoprep train\n  try: --epochs\n"),
        (
            ["evaluate", "--confidnce=3"],
            "--confidnce: is no option of echoprep evaluate\n  try: --confidence\n"
        ),
        (["experiment", "tabel1", "--dataset", "d", "--out", "o"], "is not declared\n  try: table1\n"),
        (["train", "--quux"], "--quux: is no option of echoprep train\n  try: echoprep train --help\n"),
    ])
    func `what there is not is answered with the nearest`(arguments: [String], message: String) throws {
        let outcome = try Built.run(arguments)
        #expect(outcome.status == 64 && outcome.output.isEmpty)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }

    private static let train = ["train", "--dataset", "d", "--run", "r"]
    private static let link = ["link-icd", "--dataset", "d", "--mimic-iv", "m"]

    @Test(arguments: [
        (train + ["--views", "4611686018427387904"], "--views: is not from 1 to 1,024"),
        (train + ["--frames", "1000000000"], "--frames: is not from 1 to 4,096"),
        (train + ["--epochs", "4611686018427387904"], "--epochs: is not from 1 to 1,000,000"),
        (train + ["--batch=0"], "--batch: is not from 1 to 1,000,000"),
        (train + ["--threads", "4611686018427387904"], "--threads: is not from 1 to 4,096"),
        (train + ["--warmup-epochs", "-1"], "--warmup-epochs: is not from 0 to 1,000,000"),
        (train + ["--lr", "nan"], "--lr: is not above 0"),
        (train + ["--memory", "4194304GiB"], "--memory: is not"),
        (train + ["--accumulate", "17"], "--accumulate: must be from 1 to --batch"),
        (link + ["--margin-before", "-2"], "--margin-before: is not from 0 to 100,000"),
        (link + ["--split", "80/10/5"], "--split: the shares add up to 95.0, not to 100"),
        (["phantom", "p", "--studies", "0"], "--studies: is not from 1 to"),
        (["phantom", "p", "--size", "0x0"], "--size is ROWSxCOLUMNS"),
        (
            ["ingest", "s", "--dataset", "d", "--jobs", "4611686018427387904"],
            "--jobs: is not from 1 to 4,096"
        ),
        (["ingest", "s", "--dataset", "d", "--shard-size", "4294967295GiB"], "--shard-size: is not"),
        (["embed", "r", "--views-per-pass", "0"], "--views-per-pass: is not from 1 to 1,024"),
        (["evaluate", "r", "--draws", "-1"], "--draws: is not from 1 to 10,000"),
        (["inspect", "x", "--png", "p", "--frame", "-3"], "--frame: is not from 0 to"),
        (["engines", "--threads", "0"], "--threads: is not from 1 to 4,096"),
    ])
    func `a number that cannot be meant is named before anything is done`(
        arguments: [String], message: String
    ) throws {
        try withTemporaryFolder { folder in
            let outcome = try Built.run(arguments, in: folder)
            #expect(outcome.status == 64 && outcome.output.isEmpty, "\(outcome.status)")
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test func `a table without its header line, or with escapes in it, is told of without what it holds`()
        throws
    {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("answers.csv")
            for text in [
                "30000001,20000001,I50,1,0.9\n30000002,20000002,I50,0,0.1\n",
                "\u{1B}]0;title\u{7}study_id,subject_id,code,label\n30000001,20000001,I50,1\n",
            ] {
                try Data(text.utf8).write(to: file)
                for arguments in [
                    ["evaluate", "--predictions", file.path],
                    ["label", "import", file.path, "--dataset", folder.path, "--name", "x"],
                    ["label", "import", file.path, "--groups", "--dataset", folder.path, "--name", "x"],
                ] {
                    let outcome = try Built.run(arguments)
                    #expect(outcome.status == 1)
                    for secret in ["30000001", "20000001", "0.9", "\u{1B}", "\u{7}"] {
                        #expect(!(outcome.errors + outcome.output).contains(secret), "\(outcome.errors)")
                    }
                }
            }
        }
    }
}
