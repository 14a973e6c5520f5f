// A file that only grows by whole records, and shrinks only back to the length that a checkpoint remembers.

package import EchoCore
package import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A history on the disk: appended to while a run runs, cut back when it goes on from a checkpoint.
package final class GrowingFile {
    private let file: Descriptor
    private let place: String
    /// Bytes of all records so far.
    package private(set) var length: Int

    /// Opens the file, making it where there is none, cut back to `kept` bytes.
    ///
    /// - Parameter place: what messages call it
    package init(path: String, place: String, keeping kept: Int) throws(EchoError) {
        self.place = place
        let file = try GrowingFile.named(place) { () throws(EchoError) in
            try Descriptor(path, flags: O_RDWR | O_CREAT)
        }
        let found = try Int(file.status().st_size)
        guard found >= kept else {
            throw EchoError(
                place,
                "holds \(grouped(found)) bytes where the checkpoint remembers \(grouped(kept))",
                try: "start again in another run folder")
        }
        try GrowingFile.named(place) { () throws(EchoError) in try file.resize(to: kept) }
        self.file = file
        length = kept
    }

    /// Appends one record.
    package func append(_ record: Data) throws(EchoError) {
        let result = record.withUnsafeBytes { bytes in
            Result { () throws(EchoError) in try file.write(bytes, at: length) }
        }
        try GrowingFile.named(place) { () throws(EchoError) in try result.get() }
        length += record.count
    }

    /// Waits until all records are on the disk, before a checkpoint says that they are.
    package func synchronise() throws(EchoError) {
        try GrowingFile.named(place) { () throws(EchoError) in try file.synchronize() }
    }

    /// Errors of `body` under the name that messages have for the file.
    private static func named<Answer: ~Copyable>(
        _ place: String, _ body: () throws(EchoError) -> Answer
    ) throws(EchoError) -> Answer {
        do throws(EchoError) {
            return try body()
        } catch {
            throw EchoError(place, error.problem, try: error.remedy, isPassing: error.isPassing)
        }
    }
}
