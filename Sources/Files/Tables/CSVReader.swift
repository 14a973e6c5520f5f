// Tables as MIMIC publishes them: .csv or .csv.gz, columns found by their names in the header.

package import EchoCore

#if canImport(Glibc)
    import Glibc
#endif

/// A csv table, plain or gzipped, with a header line.
///
/// Fields may be quoted and hold newlines; lines end in LF or CRLF; a byte-order mark is skipped; blank lines are no
/// rows. Fields are bytes until they are asked for as something else. Rows without a quote are cut at their commas
/// here; rows with one are libcsv's.
package final class CSVReader {
    /// The names in the header, in their order.
    package let header: [String]
    private let path: String
    private let text: CSVText
    /// Where each name stands first in the header, and the first column whose name stood there before.
    private let places: [String: Int], repeated: Int?

    /// The most columns of a table, and the most bytes of a row.
    static let mostColumns = 1 << 14, longestRow = 1 << 24

    /// Opens the table and reads its header.
    ///
    /// - Throws: `EchoError` where the file cannot be read or is empty, or is a web page, or has too many columns.
    package init(_ path: String) throws(EchoError) {
        self.path = path
        text = try CSVText(path)
        guard let row = try text.nextRow() else {
            throw EchoError(path, "is empty", try: "download the file again")
        }
        header = (0..<row.count).map { row.text(ofField: $0) }
        var places: [String: Int] = [:], repeated: Int?
        for (place, name) in header.enumerated() {
            if places[name] == nil { places[name] = place } else if repeated == nil { repeated = place }
        }
        (self.places, self.repeated) = (places, repeated)
    }

    /// Whether the last row, once it has been read, had no line end: then the file may have been cut within it.
    package var endsInsideLine: Bool { text.endsInsideLine }

    /// Calls `body` for each row after the header with the columns named, in that order. To be called once.
    ///
    /// - Parameter wanted: asked with the whole number in the first of `columns`; a row that is not wanted is counted
    ///   and not looked at any further
    /// - Returns: the number of rows
    /// - Throws: `EchoError` where a column is missing, or any is there twice, or the quoting is broken; whatever `body` throws.
    @discardableResult
    package func forEachRow(
        _ columns: [String], wanted: ((Int) -> Bool)? = nil, _ body: (CSVRow) throws -> Void
    ) throws -> Int {
        let places = try columns.map { try place(of: $0, among: columns) }
        if let repeated {
            throw EchoError(path, "its header has the name of column \(repeated + 1) twice")
        }
        var rows = 0
        let key = places.first ?? 0
        while let row = try text.nextRow(key: key, wanted: wanted) {
            rows += 1
            if row.count > 0 { try body(CSVRow(row: row, places: places, width: header.count)) }
        }
        return rows
    }

    /// Where a column stands. An error names columns that were asked for and no others: the first line of a file without
    /// a header is a patient's.
    private func place(of name: String, among columns: [String]) throws(EchoError) -> Int {
        guard let place = places[name] else {
            let found = columns.filter { places[$0] != nil }
            if found.isEmpty {
                throw EchoError(
                    path, "its first line names none of the columns \(columns.joined(separator: ", "))",
                    try: "check that it begins with a header line, and is the file that it is taken for")
            }
            throw EchoError(
                path, "has no column \(name), though it has \(found.joined(separator: ", "))",
                try: "check that this is the file it is taken for")
        }
        guard repeated.map({ header[$0] }) != name else {
            throw EchoError(path, "its header names the column \(name) twice")
        }
        return place
    }
}

/// One row of a table, valid during the call that it is handed to.
package struct CSVRow {
    fileprivate let row: CSVText.Row
    fileprivate let places: [Int]
    fileprivate let width: Int

    /// The line in the file on which the row begins; the header's is 1.
    package var line: Int { row.line }
    /// Whether the row has as many fields as the header.
    package var isWhole: Bool { row.count == width }

    /// Whether the column asked for at `index` has nothing in it, or the row is too short for it.
    package func isEmpty(_ index: Int) -> Bool { row.field(places[index]).isEmpty }

    /// Whether the column asked for at `index` is NA, which R writes for what is missing.
    package func isNA(_ index: Int) -> Bool {
        let field = row.field(places[index])
        return field.count == 2 && field[0] == UInt8(ascii: "N") && field[1] == UInt8(ascii: "A")
    }

    /// The column asked for at `index` as text; bytes that are not UTF-8 become U+FFFD.
    package func text(_ index: Int) -> String { row.text(ofField: places[index]) }

    /// The same, or nil where it is not UTF-8.
    package func validText(_ index: Int) -> String? {
        String(validating: row.field(places[index]), as: UTF8.self)
    }

    /// The same as a whole number in decimal digits, or nil.
    package func integer(_ index: Int) -> Int64? { wholeNumber(row.field(places[index])).map(Int64.init) }
}

/// Decimal digits, up to eighteen of them, perhaps behind a minus sign, and before a point with nothing but zeros: pandas
/// writes whole numbers as 20000001.0 where one of a column is missing.
private func wholeNumber(_ field: UnsafeBufferPointer<UInt8>) -> Int? {
    let isNegative = field.first == UInt8(ascii: "-")
    let start = isNegative ? 1 : 0
    var value = 0, index = start
    while index < field.count {
        let digit = field[index] &- UInt8(ascii: "0")
        guard digit <= 9 else { break }
        guard index - start < 18 else { return nil }
        value = value &* 10 &+ Int(digit)
        index += 1
    }
    guard index > start else { return nil }
    if index < field.count {
        let zeros = field[(index + 1)...]
        guard field[index] == UInt8(ascii: "."), !zeros.isEmpty, zeros.allSatisfy({ $0 == UInt8(ascii: "0") })
        else { return nil }
    }
    return isNegative ? -value : value
}

/// The text of a table, cut into rows.
private final class CSVText {
    /// The fields of a row: pointers into the text, or into what libcsv unquoted. No fields where it was not wanted.
    struct Row {
        let base: UnsafePointer<UInt8>
        /// Where each field begins and ends, counted from `base`.
        let bounds: UnsafePointer<Int>
        let count: Int
        let line: Int

        func field(_ index: Int) -> UnsafeBufferPointer<UInt8> {
            guard index < count else { return UnsafeBufferPointer(start: nil, count: 0) }
            return UnsafeBufferPointer(
                start: base + bounds[2 * index], count: bounds[2 * index + 1] - bounds[2 * index])
        }

        func text(ofField index: Int) -> String { String(decoding: field(index), as: UTF8.self) }
    }

    private static let lineFeed = Int32(0x0A), quote = Int32(0x22)
    private let path: String
    private let blocks: ReadAhead
    private let quoted = QuotedRow()
    /// The text from the row before `position` on, as far as it has been read.
    private var bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 18)
    private var filled = 0
    /// Where in `bytes` the next row begins.
    private var position = 0
    private var line = 1
    private var isAtEnd = false, hasQuotes = false
    /// As `CSVReader.endsInsideLine`.
    private(set) var endsInsideLine = false
    private var bounds = UnsafeMutableBufferPointer<Int>.allocate(capacity: 128)

    init(_ path: String) throws(EchoError) {
        self.path = path
        blocks = ReadAhead(try GzipReader(path))
        try refill()
        if filled >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
        if isWebPage(UnsafeBufferPointer(rebasing: bytes[position..<filled])) { throw webPage(path) }
    }

    deinit {
        bytes.deallocate()
        bounds.deallocate()
    }

    /// The next row that is not blank, or nil at the end. It is valid until the next one is asked for.
    ///
    /// - Parameters:
    ///   - key: the field that `wanted` is asked about
    ///   - wanted: a row is returned without fields where this says no to its whole number
    func nextRow(key: Int = 0, wanted: ((Int) -> Bool)? = nil) throws(EchoError) -> Row? {
        while true {
            let (end, next, lines) = try endOfRow()
            if position == next { return nil }
            endsInsideLine = end == next
            let first = line
            var text = UnsafeBufferPointer(rebasing: bytes[position..<end])
            position = next
            line += lines
            if text.last == 0x0D { text = UnsafeBufferPointer(rebasing: text.dropLast()) }
            guard let base = text.baseAddress, !text.isEmpty else { continue }
            if hasQuotes, memchr(base, Self.quote, text.count) != nil {
                guard let row = quoted.parse(text) else {
                    if quoted.isTooWide { throw tooWide(first) }
                    throw EchoError(
                        path,
                        quoted.isOpen && isAtEnd && position == filled
                            ? "ends inside a quoted field"
                            : "line \(first): a quote stands where none may stand",
                        try: "download the file again")
                }
                return filtered(
                    Row(base: row.base, bounds: row.bounds, count: row.count, line: first), key: key, wanted)
            }
            if let wanted, key == 0, let number = leadingNumber(text), !wanted(number) {
                return Row(base: base, bounds: UnsafePointer(bounds.baseAddress!), count: 0, line: first)
            }
            guard let row = cut(text, line: first) else { throw tooWide(first) }
            return filtered(row, key: key, key == 0 ? nil : wanted)
        }
    }

    /// The row without its fields, if it is not wanted.
    private func filtered(_ row: Row, key: Int, _ wanted: ((Int) -> Bool)?) -> Row {
        guard let wanted, let number = wholeNumber(row.field(key)), !wanted(number) else { return row }
        return Row(base: row.base, bounds: row.bounds, count: 0, line: row.line)
    }

    private func tooWide(_ line: Int) -> EchoError {
        EchoError(
            path, "line \(line): a row has more than \(grouped(CSVReader.mostColumns)) fields",
            try: "check that the file is the one it is taken for")
    }

    /// Where the row at `position` ends, where the next one begins, and how many lines it has. Every byte is looked at once,
    /// however often more of the row has to be read.
    private func endOfRow() throws(EchoError) -> (end: Int, next: Int, lines: Int) {
        // How far there is no line end that is not told of, and how far quotes are counted, from `position` on.
        var searched = 0, counted = 0, lines = 1
        var isInside = false
        while true {
            while position + searched < filled,
                let feed = memchr(
                    bytes.baseAddress! + position + searched, Self.lineFeed, filled - position - searched)
            {
                let end = UnsafeRawPointer(bytes.baseAddress!).distance(to: UnsafeRawPointer(feed))
                if hasQuotes {
                    for index in position + counted..<end where bytes[index] == UInt8(Self.quote) {
                        isInside.toggle()
                    }
                }
                (searched, counted) = (end + 1 - position, end + 1 - position)
                if !isInside { return (end, end + 1, lines) }
                lines += 1
            }
            if isAtEnd { return (filled, filled, lines) }
            searched = filled - position
            if searched > CSVReader.longestRow {
                throw EchoError(
                    path, "line \(line): a row is longer than \(grouped(CSVReader.longestRow)) bytes",
                    try: "look for a quote that is not closed")
            }
            try refill()
        }
    }

    /// Moves what is left to the beginning and reads the next block behind it.
    private func refill() throws(EchoError) {
        // What is left of a row that goes on was looked at before.
        let isMoved = position > 0
        filled -= position
        memmove(bytes.baseAddress!, bytes.baseAddress! + position, filled)
        position = 0
        if bytes.count - filled < ReadAhead.blockSize {
            let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 2 * bytes.count)
            memcpy(larger.baseAddress!, bytes.baseAddress!, filled)
            bytes.deallocate()
            bytes = larger
        }
        let count = try blocks.next(
            into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(bytes)[filled...]))
        isAtEnd = count == 0
        let start = isMoved ? 0 : filled
        filled += count
        hasQuotes =
            !isMoved && hasQuotes
            || memchr(bytes.baseAddress! + start, Self.quote, filled - start) != nil
    }

    private func leadingNumber(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        var count = 0
        while count < text.count, text[count] != UInt8(ascii: ",") { count += 1 }
        return wholeNumber(UnsafeBufferPointer(rebasing: text[..<count]))
    }

    /// Cuts a row without quotes at its commas; nil where it has too many.
    private func cut(_ text: UnsafeBufferPointer<UInt8>, line: Int) -> Row? {
        var count = 0, start = 0
        for index in 0...text.count where index == text.count || text[index] == UInt8(ascii: ",") {
            if count == CSVReader.mostColumns { return nil }
            if 2 * count + 2 > bounds.count {
                let larger = UnsafeMutableBufferPointer<Int>.allocate(capacity: 2 * bounds.count)
                _ = larger.update(fromContentsOf: bounds)
                bounds.deallocate()
                bounds = larger
            }
            bounds[2 * count] = start
            bounds[2 * count + 1] = index
            start = index + 1
            count += 1
        }
        return Row(
            base: text.baseAddress!, bounds: UnsafePointer(bounds.baseAddress!), count: count, line: line)
    }
}
