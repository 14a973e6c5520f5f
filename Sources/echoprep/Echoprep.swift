// The command line: one subcommand a file; this one lists them and turns errors into exit codes.

import ArgumentParser
import Compute
import EchoCore

private import CCommit

@main
struct Echoprep: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echoprep",
        abstract: "From a download of MIMIC-IV-ECHO to a trained and evaluated LAMAE model.",
        discussion: """
            Examples:
              echoprep ingest mimic-iv-echo --dataset dataset
              echoprep help train
            """,
        version: fullProgramVersion,
        subcommands: [
            PhantomCommand.self,
            IngestCommand.self,
            MergeCommand.self,
            InspectCommand.self,
            VerifyCommand.self,
            LinkICDCommand.self,
            LabelCommand.self,
            TrainCommand.self,
            EvaluateCommand.self,
            ExperimentCommand.self,
            EmbedCommand.self,
            ExportCommand.self,
            ReviewCommand.self,
            StatusCommand.self,
            EnginesCommand.self,
            CompletionsCommand.self,
        ])

    /// Exit 0 done, 1 failed, 2 done but `--strict` found rejected input, 64 wrong usage, 130 interrupted.
    ///
    /// On the thread that the process began with, and no other: where the system gives no thread, work is done here.
    static func main() {
        Standard.fillGaps()
        setProgramCommit(String(cString: echoprep_commit))
        Interruption.watch()
        MappedFileFault.watch()
        ProgramFault.watch()
        OutputFault.watch()
        Progress.show(on: .standardError)
        EngineFailure.handle { error in
            complain("\(error)")
            leave(1)
        }
        leave(outcome())
    }

    /// Runs the command that the user gives, says what went wrong, and returns the exit code.
    private static func outcome() -> Int32 {
        do {
            let arguments = try spelled(Array(CommandLine.arguments.dropFirst()), for: Echoprep.self)
            var command = try parseAsRoot(try configured(arguments))
            if let command = command as? any ConfigurableCommand, command.configuration.printConfig {
                try show(EffectiveOptions(command).text())
            } else if let wrong = wrongNumber(of: command) {
                throw wrong
            } else {
                try command.checkPaths()
                try optionGroup(SpeechOptions.self, of: command)?.apply()
                try command.run()
            }
            return 0
        } catch let error as EchoError {
            complain("echoprep: \(error)")
            return error.isUsage ? 64 : 1
        } catch is Interrupted {
            complain("echoprep: interrupted; the same command goes on")
            return 130
        } catch {
            return answer(error)
        }
    }

    /// What ArgumentParser has to say: help and version as a result, wrong usage as a message.
    private static func answer(_ error: any Error) -> Int32 {
        let
            text = arranged(
                fullMessage(for: error), isShort: CommandLine.arguments.contains("-h")),
            code = exitCode(for: error)
        guard !text.isEmpty else { return code.rawValue }
        guard code.isSuccess else {
            Standard.say(text)
            return code.rawValue
        }
        do {
            try Standard.show(text)
            return 0
        } catch {
            Standard.say("echoprep: \(error)")
            return 1
        }
    }
}
