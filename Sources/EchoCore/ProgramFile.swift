// The file of the program that runs: what is beside it belongs to it.

package import Foundation

/// The path under which the system keeps the program's own file, whatever became of its name since.
///
/// Where a bundle's own loader starts the program, `/proc/self/exe` is that loader, and the program its first word.
package let programPath: String = {
    let kept = "/proc/self/exe"
    let started = URL(filePath: kept).resolvingSymlinksInPath().lastPathComponent
    return started.hasPrefix("ld-linux") ? CommandLine.arguments[0] : kept
}()

/// The program's own file by its name.
package let programFile = URL(filePath: programPath).resolvingSymlinksInPath()
