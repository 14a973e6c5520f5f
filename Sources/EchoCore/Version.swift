// The program's version, from which every other place takes it, and the commit that it was built from.

import Synchronization

/// The version of echoprep.
package let programVersion = "0.1.0"

private let programCommit = Mutex("")

/// Says from which commit the program was built; it says so once, before anything else.
package func setProgramCommit(_ commit: String) { programCommit.withLock { $0 = commit } }

/// The version and the commit as semantic versions join them, as in 0.1.0+1a2b3c4 or, where files were changed since,
/// 0.1.0+1a2b3c4.modified; the version alone where no commit is known.
package var fullProgramVersion: String {
    let commit = programCommit.withLock { $0 }
    return commit.isEmpty ? programVersion : "\(programVersion)+\(commit)"
}
