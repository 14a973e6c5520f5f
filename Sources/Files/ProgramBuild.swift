// Which build of the program this is: two builds of one version may make different labels.

import EchoCore
import Foundation

/// XXH3-64 of the file that runs, or the version where it cannot be read.
package let programBuild: String = {
    let file = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    guard let bytes = try? Data(contentsOf: file, options: .alwaysMapped) else { return programVersion }
    return xxh3(bytes)
}()
