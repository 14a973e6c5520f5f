// A file that only grows by whole records, and shrinks only back to the length that a checkpoint remembers.

package import EchoCore
package import Foundation
import StudyData

/// A history on the disk: appended to while a run runs, cut back when it goes on from a checkpoint.
package final class GrowingFile {
    private let file: FileHandle
    private let place: String
    /// Bytes of all records so far.
    package private(set) var length: Int

    /// Opens the file, making it where there is none, cut back to `kept` bytes.
    ///
    /// - Parameter place: what messages call it
    package init(path: String, place: String, keeping kept: Int) throws(EchoError) {
        self.place = place
        do {
            if !FileManager.default.fileExists(atPath: path) {
                guard FileManager.default.createFile(atPath: path, contents: nil) else {
                    throw CocoaError(.fileWriteNoPermission)
                }
            }
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            let found = try file.seekToEnd()
            guard found >= kept else {
                throw EchoError(
                    place,
                    "holds \(grouped(Int(found))) bytes where the checkpoint remembers \(grouped(kept))",
                    try: "start again in another run folder")
            }
            try file.truncate(atOffset: UInt64(kept))
            self.file = file
            length = kept
        } catch let error as EchoError {
            throw error
        } catch {
            throw EchoError(place, "cannot be opened for writing", try: "check the folder's permissions")
        }
    }

    /// Appends one record in a single write.
    package func append(_ record: Data) throws(EchoError) {
        do { try file.write(contentsOf: record) } catch {
            throw EchoError(
                place, "cannot be written", try: "make room on the disk; the same command goes on")
        }
        length += record.count
    }

    /// Waits until all records are on the disk, before a checkpoint says that they are.
    package func synchronise() throws(EchoError) {
        do { try file.synchronize() } catch {
            throw EchoError(
                place, "cannot be brought to the disk", try: "check the disk; the same command goes on")
        }
    }
}
