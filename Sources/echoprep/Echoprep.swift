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
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            Foundation.exit(1)
        }
        do {
            var command = try parseAsRoot(try configured(Array(CommandLine.arguments.dropFirst())))
            if let command = command as? any ConfigurableCommand, command.configuration.printConfig {
                print(try EffectiveOptions(command).text())
            } else if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as EchoError {
            FileHandle.standardError.write(Data("echoprep: \(error)\n".utf8))
            Foundation.exit(1)
        } catch is Interrupted {
            FileHandle.standardError.write(Data("echoprep: interrupted; the same command goes on\n".utf8))
            Foundation.exit(130)
        } catch {
            exit(withError: error)
        }
    }
}
