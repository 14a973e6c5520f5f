// Which build of the program this is: two builds of one version may make different labels.

import EchoCore

/// SHA-256 of the file that runs, or the version where it cannot be read.
package let programBuild: String = (try? sha256(ofFile: programPath).hex) ?? programVersion
