// What becomes of a command whose outputs, files or threads are taken away.

import Foundation
import Testing
import TestSupport

@Suite struct OutputTests {
    private let phantom = "$echoprep phantom out --studies 1 --frames 2 --size 96x128 --no-extras"

    @Test(arguments: ["2>&-", "2>/dev/full", "2</dev/null", "2> >(exec 0<&-; sleep 0.1)"])
    func `progress that cannot be shown is dropped`(redirection: String) throws {
        try withTemporaryFolder { folder in
            let outcome = try Built.shell("\(phantom) \(redirection)", in: folder)
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("written to out"))
        }
    }

    @Test(arguments: [">&-", ">/dev/full", "1</dev/null"])
    func `a result that cannot be written is an error`(redirection: String) throws {
        try withTemporaryFolder { folder in
            for command in ["completions bash", "--help", "--version"] {
                let outcome = try Built.shell("$echoprep \(command) \(redirection)", in: folder)
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains("standard output: the result cannot be written: "))
            }
        }
    }

    @Test func `a reader that has seen enough is no error`() throws {
        try withTemporaryFolder { folder in
            let line = "for n in 1 2 3; do $echoprep completions bash | head -1; echo ${PIPESTATUS[0]}; done"
            let outcome = try Built.shell(line, in: folder)
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.count == 6 && lines.filter { $0 == "0" }.count == 3)
            #expect(outcome.errors.isEmpty)
        }
    }

    @Test func `a limit of file sizes ends with what to do, and without it the same command goes on`() throws
    {
        try withTemporaryFolder { folder in
            let limited = try Built.shell("ulimit -f 8; \(phantom)", in: folder)
            #expect(limited.status == 1)
            #expect(
                limited.errors.contains("file too large\n  try: raise the limit of file sizes (ulimit -f)"))
            #expect(try Built.shell(phantom, in: folder).status == 0)
        }
    }

    @Test(.enabled(if: Injection.library != nil, "a C compiler is here"), arguments: 1...4)
    func `where the system gives no more threads, work is done with fewer`(first: Int) throws {
        try withTemporaryFolder { folder in
            let state = folder.appendingPathComponent("state")
            let injection = try Injection("thread", EAGAIN, at: first, times: -1).environment(state: state)
            let outcome = try Built.run(
                ["phantom", "out", "--studies", "2", "--frames", "2", "--size", "96x128", "--jobs", "2"],
                in: folder, environment: injection)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    /// Commands that open a database, each after those before it.
    private let commands = [
        "ingest out/mimic-iv-echo --dataset data --size 32 --jobs 2",
        "link-icd --dataset data --mimic-iv out/mimiciv/hosp --split 40/30/30 --top 3",
        "train --dataset data --run run --epochs 1 --preset tiny --views 1 --frames 1 --threads 1",
        "verify data",
    ]

    @Test(.enabled(if: Injection.library != nil, "a C compiler is here"), arguments: 1...3)
    func `where the system gives no more threads, whoever has a database open ends, too`(first: Int) throws {
        try withTemporaryFolder { folder in
            _ = try Built.shell(phantom.replacing("--studies 1", with: "--studies 6"), in: folder)
            let state = folder.appendingPathComponent("state")
            for command in commands {
                let injection = try Injection("thread", EAGAIN, at: first, times: -1).environment(
                    state: state)
                let settings = injection.map { "\($0.key)='\($0.value)'" }.joined(separator: " ")
                let outcome = try Built.shell("\(settings) timeout 100 $echoprep \(command)", in: folder)
                #expect(outcome.status <= 1, "\(command): \(outcome.status) \(outcome.errors)")
                if outcome.status == 1 {
                    #expect(outcome.errors.contains("threads: the system gives no more"))
                }
                #expect(try Built.shell("$echoprep \(command)", in: folder).status == 0)
            }
        }
    }

    @Test(arguments: 4...9) func `so few open files that nothing works are an error in words`(limit: Int)
        throws
    {
        try withTemporaryFolder { folder in
            _ = try Built.shell(phantom.replacing("--studies 1", with: "--studies 6"), in: folder)
            for command in commands {
                let outcome = try Built.shell(
                    "ulimit -n \(limit); timeout 100 $echoprep \(command)", in: folder)
                // A program that cannot open its libraries has not begun.
                #expect(
                    [0, 1, 127].contains(outcome.status), "\(command): \(outcome.status) \(outcome.errors)")
                if outcome.status == 1 { #expect(outcome.errors.contains("echoprep:"), "\(outcome.errors)") }
                #expect(try Built.shell("$echoprep \(command)", in: folder).status == 0)
            }
        }
    }

    @Test(
        .enabled(if: Injection.library != nil, "a C compiler is here"), arguments: ["write", "read"],
        [1, 5, 20])
    func `a database whose every call is interrupted is an error in words`(call: String, first: Int) throws {
        try withTemporaryFolder { folder in
            _ = try Built.shell(phantom.replacing("--studies 1", with: "--studies 6"), in: folder)
            let state = folder.appendingPathComponent("state")
            let injection = Injection(
                call, EINTR, at: first, times: -1, under: folder.appendingPathComponent("data"))
            let settings = try injection.environment(state: state).map { "\($0.key)='\($0.value)'" }
            let outcome = try Built.shell(
                "\(settings.joined(separator: " ")) timeout 100 $echoprep \(commands[0])", in: folder)
            #expect(outcome.status <= 1, "\(outcome.status) \(outcome.errors)")
            #expect(try Built.shell("$echoprep \(commands[0])", in: folder).status == 0)
        }
    }

    @Test(.enabled(if: Injection.library != nil, "a C compiler is here"), arguments: [EINTR, EIO])
    func `a write that is refused forever ends with an error`(code: Int32) throws {
        try withTemporaryFolder { folder in
            let state = folder.appendingPathComponent("state")
            let injection = Injection("write", code, at: 5, times: -1, under: folder)
            let outcome = try Built.run(
                ["phantom", "out", "--studies", "1", "--frames", "2", "--size", "96x128"], in: folder,
                environment: injection.environment(state: state))
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("cannot be written: "))
        }
    }

    @Test(.enabled(if: Injection.library != nil, "a C compiler is here"))
    func `a file system that cannot synchronise folders is no error`() throws {
        try withTemporaryFolder { folder in
            let state = folder.appendingPathComponent("state")
            // The first is the file's, the second that of its folder.
            let injection = Injection("fsync", EINVAL, at: 2, under: folder)
            let outcome = try Built.run(
                ["phantom", "out", "--studies", "1", "--frames", "2", "--size", "96x128", "--jobs", "1"],
                in: folder, environment: injection.environment(state: state))
            #expect(try Injection.struck(state) == 1)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    @Test(arguments: [
        ["phantom", ""], ["ingest", "", "--dataset", "x"], ["ingest", "x", "--dataset", ""],
        ["train", "--dataset", "x", "--run", ""], ["evaluate", ""], ["merge", ""], ["verify", ""],
        ["export", "clips", "x", "", "--format", "npy"], ["label", "list", "--dataset", ""],
        ["link-icd", "--dataset", "", "--mimic-iv", "x"],
    ])
    func `an empty path is refused`(arguments: [String]) throws {
        try withTemporaryFolder { folder in
            let outcome = try Built.run(arguments, in: folder)
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains("is empty"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test func `a table that is a folder ends link-icd with 1, whatever its threads do`() throws {
        try withTemporaryFolder { folder in
            #expect(try Built.shell(phantom, in: folder).status == 0)
            let tables = "out/mimiciv/hosp"
            let line = """
                rm \(tables)/patients.csv.gz; mkdir \(tables)/patients.csv.gz
                for n in 1 2 3 4 5 6 7 8 9 10; do
                  $echoprep link-icd --dataset dataset --mimic-iv \(tables) --echo out/mimic-iv-echo; echo $?
                done
                """
            let outcome = try Built.shell(line, in: folder)
            #expect(outcome.output == String(repeating: "1\n", count: 10))
            #expect(outcome.errors.contains("patients.csv.gz: is a folder"))
        }
    }

    @Test func `a crash is said in a line and shows no memory`() throws {
        try withTemporaryFolder { folder in
            let line = """
                $echoprep phantom out --studies 200 2>said & sleep 0.5; kill -SEGV $!; wait $!; echo $?; cat said
                """
            let outcome = try Built.shell(line, in: folder)
            #expect(outcome.output.hasPrefix("139\n"))
            #expect(outcome.output.contains("echoprep: a fault of the program itself"))
            #expect(!outcome.output.contains("Registers") && !outcome.output.contains("Thread 0"))
        }
    }
}
