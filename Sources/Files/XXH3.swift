// XXH3-64 of tensors: a checksum against decay that costs less than reading the memory.

private import CXXHash
import EchoCore
package import Foundation

/// XXH3-64 with seed 0: 16 hexadecimal digits, as `xxhsum -H3` and Python's `xxhash.xxh3_64_hexdigest` print it.
package func xxh3(_ bytes: some ContiguousBytes) -> String { zeroPadded(xxh3Number(bytes), 16, radix: 16) }

/// The same as a number.
package func xxh3Number(_ bytes: some ContiguousBytes) -> UInt64 {
    bytes.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
}
