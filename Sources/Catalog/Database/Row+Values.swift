// Values out of rows, each checked where it is read: in a file that others may have written anything stands anywhere, whatever
// the definition of its tables says.

package import EchoCore
package import GRDB

extension Row {
    /// A value as what the query says that it is; NULL for an optional one alone.
    ///
    /// - Throws: `EchoError` that names the column, and never the value, where it is of another kind, or a number that is
    ///   not finite or out of all measure
    package func value<Value: DatabaseValueConvertible>(_ index: Int) throws(EchoError) -> Value {
        let stored: DatabaseValue = self[index]
        let isSound =
            switch stored.storage {
            case .int64(let number): number.magnitude <= 1 << 62
            case .double(let number): number.isFinite
            case .blob: false
            case .null, .string: true
            }
        guard isSound, let value = Value.fromDatabaseValue(stored) else { throw fault(index) }
        return value
    }

    /// The same by the column's name.
    package func value<Value: DatabaseValueConvertible>(_ column: String) throws(EchoError) -> Value {
        guard let index = columnNames.enumerated().first(where: { $0.element == column })?.offset else {
            throw EchoError(Catalog.fileName, "has no column \(column)", try: Row.remedy)
        }
        return try value(index)
    }

    /// How many there are of something.
    package func count(_ index: Int, upTo most: Int = 1 << 40) throws(EchoError) -> Int {
        let number: Int = try value(index)
        guard 0...most ~= number else { throw fault(index) }
        return number
    }

    /// A name that becomes a part of a path.
    package func fileName(_ index: Int) throws(EchoError) -> String {
        let name: String = try value(index)
        guard isPlainName(name) else { throw fault(index) }
        return name
    }

    fileprivate static let remedy = "restore it from a copy, or make the dataset anew"

    private func fault(_ index: Int) -> EchoError {
        let column = columnNames.dropFirst(index).first.map { brief($0, 40) } ?? ""
        return EchoError(
            Catalog.fileName, "holds a value that cannot be, in what is asked for as \(column)",
            try: Row.remedy)
    }
}

extension ClipRecord {
    /// The most frames of a clip: hours.
    private static let mostFrames = 1 << 24
    private static let mostPixels = 1 << 24

    /// - Throws: `EchoError` where a row that stands in a database cannot be one of ours
    func checked() throws(EchoError) -> ClipRecord {
        func sound(_ number: Int?, _ range: ClosedRange<Int>) -> Bool { number.map(range.contains) ?? true }
        let counts = [frames, sourceFrames, judgedFrames]
        let sizes = [height, width, boxHeight, boxWidth]
        let shares = [colourShare, neutralShare, residualShare, maskShare, framesPerSecond]
        let isSound =
            id.magnitude <= 1 << 62 && runID.magnitude <= 1 << 62
            && counts.allSatisfy { sound($0, 0...Self.mostFrames) }
            && sizes.allSatisfy { sound($0, 0...Self.mostPixels) }
            // A box may reach out of its picture, where that is black.
            && [boxTop, boxLeft].allSatisfy { sound($0, -Self.mostPixels...Self.mostPixels) }
            && sound(bytes, 0...1 << 50)
            && sound(mtime, -(1 << 62)...1 << 62) && shares.allSatisfy { $0?.isFinite ?? true }
            && (frameTimes ?? []).allSatisfy(\.isFinite) && (shard.map(isPlainName) ?? true)
            && isInside(path) && (kept ? shard != nil && frames ?? 1 > 0 : true)
        guard isSound else {
            throw EchoError(
                Catalog.fileName, "has a row of clip that holds a value that cannot be", try: Row.remedy)
        }
        return self
    }
}
