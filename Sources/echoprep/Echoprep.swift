// The command line: one subcommand a file; this one lists them and turns errors into exit codes.

import ArgumentParser
import Compute
import EchoCore
import Foundation

private import CCommit

@main
struct Echoprep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echoprep",
        abstract: "From a download of MIMIC-IV-ECHO to a trained and evaluated LAMAE model.",
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
            EnginesCommand.self,
            CompletionsCommand.self,
        ])

    /// Exit 0 done, 1 failed, 2 done but `--strict` found rejected input, 64 wrong usage, 130 interrupted.
    static func main() async {
        setProgramCommit(String(cString: echoprep_commit))
        Interruption.watch()
        MappedFileFault.watch()
        Progress.show(on: .standardError)
        EngineFailure.handle { error in
            tell("\(error)")
            Foundation.exit(1)
        }
        do {
            let arguments = try spelled(Array(CommandLine.arguments.dropFirst()), for: Echoprep.self)
            var command = try parseAsRoot(try configured(arguments))
            if let command = command as? any ConfigurableCommand, command.configuration.printConfig {
                print(try EffectiveOptions(command).text())
            } else if let wrong = wrongNumber(of: command) {
                throw wrong
            } else if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as EchoError {
            tell("echoprep: \(error)")
            Foundation.exit(error.isUsage ? 64 : 1)
        } catch is Interrupted {
            tell("echoprep: interrupted; the same command goes on")
            Foundation.exit(130)
        } catch {
            exit(withError: error)
        }
    }
}
