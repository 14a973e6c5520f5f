// Whether it is still the files that are at fault, or the disk below them.

import Catalog
import EchoCore
import Files

/// Sees the files of a source go by, and stops an ingest that would take a fault of the machine for one of its files.
struct SourceWatch {
    private let source: String
    private let identity: [UInt64]?
    private let greatestRun: Int
    /// Files in a row that were listed and could not be opened.
    private var run = 0

    /// - Parameter greatestRun: how many of them may be; 0 for any number
    init(_ source: String, greatestRun: Int) throws(EchoError) {
        self.source = source
        self.greatestRun = greatestRun
        identity = try folderIdentity(source)
    }

    /// To be called with every file in order, before its row is taken.
    ///
    /// - Throws: `EchoError` where the source is gone, or too many files cannot be opened one after the other
    mutating func see(_ file: SourceFile, _ record: ClipRecord) throws(EchoError) {
        guard file.fault == nil, let reason = record.reason, [.missing, .unreadable].contains(reason) else {
            run = 0
            return
        }
        guard try folderIdentity(source) == identity else {
            throw EchoError(
                "SOURCE", "is another folder than when the ingest began, or gone",
                try: "mount that disk again and run the same command again", isPassing: true)
        }
        run += 1
        guard greatestRun > 0, run > greatestRun else { return }
        throw EchoError(
            file.path,
            "cannot be opened, nor the \(greatestRun) files before it: \(record.detail ?? "no reason is known")",
            try: "check the disk and who may read there; --unreadable 0 leaves such files out")
    }
}
