// A command of the user's own, in a group of processes that ends with it: limited, watched, and stopped where it hangs.

package import EchoCore
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A command line for the shell.
package struct ShellCommand: Sendable {
    /// How a command ended.
    package enum Ending: Sendable, Equatable {
        /// With its exit status; 128 and the signal's number where one ended it.
        case status(Int32)
        /// Stopped, since `isToStop` said so.
        case stopped
    }

    private let line: String
    /// The longest file that it may write, in bytes.
    private let greatestFile: Int
    /// Behind what its messages go; what it prints goes nowhere.
    private let log: String

    package init(_ line: String, greatestFile: Int, log: String) {
        self.line = line
        self.greatestFile = greatestFile
        self.log = log
    }

    /// A text as one word of a command line.
    package static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }

    /// Runs it to its end.
    ///
    /// - Parameter isToStop: asked ten times a second; where it says so all processes of the command are killed
    /// - Throws: `EchoError` where no shell can be started
    package func run(until isToStop: () -> Bool) throws(EchoError) -> Ending {
        var attributes = posix_spawnattr_t(), actions = posix_spawn_file_actions_t()
        posix_spawnattr_init(&attributes)
        posix_spawn_file_actions_init(&actions)
        defer {
            posix_spawnattr_destroy(&attributes)
            posix_spawn_file_actions_destroy(&actions)
        }
        // A group of its own, and no signal blocked or ignored: programs of ours may.
        var none = sigset_t(), all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        // POSIX counts file sizes in blocks of 512 bytes.
        let limited = "ulimit -f \(max(1, greatestFile / 512)) && { \(line)\n}"
        let arguments: [String] = ["sh", "-c", limited]
        let words = arguments.map { strdup($0) }
        let environment = ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") }
        defer { for word in words + environment { free(word) } }
        var process = pid_t()
        let code = posix_spawn(&process, "/bin/sh", &actions, &attributes, words + [nil], environment + [nil])
        guard code == 0 else {
            errno = code
            throw systemError("/bin/sh", "cannot be started")
        }
        return wait(for: process, until: isToStop)
    }

    private func wait(for process: pid_t, until isToStop: () -> Bool) -> Ending {
        var status: Int32 = 0, polls = 0
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process || ended < 0 && errno != EINTR { break }
            if polls % 10 == 9, isToStop() {
                kill(-process, SIGKILL)
                while waitpid(process, &status, 0) < 0, errno == EINTR {}
                return .stopped
            }
            polls += 1
            usleep(10_000)
        }
        // What it left running would go on writing.
        kill(-process, SIGKILL)
        let signal = status & 0x7F
        return .status(signal == 0 ? (status >> 8) & 0xFF : 128 + signal)
    }
}
