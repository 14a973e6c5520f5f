// Tables as MIMIC publishes them: .csv or .csv.gz, columns found by their names in the header.

private import CLibCSV
public import EchoCore

/// A csv table, plain or gzipped, with a header line.
///
/// Fields may be quoted and hold newlines; lines end in LF or CRLF; a byte-order mark is skipped; blank lines are no
/// rows. Fields are bytes until they are asked for as something else.
public final class CSVReader {
    /// The names in the header, in their order.
    public private(set) var header: [String] = []
    private let path: String
    private let file: GzipReader
    private let parser = Parser()
    private var block = [UInt8](repeating: 0, count: 1 << 18)
    private var atStart = true

    /// Opens the table and reads its header.
    ///
    /// - Throws: `EchoError` where the file cannot be read, has no header, or one with a name twice.
    public init(_ path: String) throws(EchoError) {
        self.path = path
        file = try GzipReader(path)
        while parser.rows.isEmpty {
            if try !fill() { throw EchoError(path, "is empty", try: "download the file again") }
        }
        let row = parser.rows[0]
        header = (0..<row.count).map { String(decoding: parser.field(row.first + $0), as: UTF8.self) }
        if let twice = header.first(where: { name in header.count { $0 == name } > 1 }) {
            throw EchoError(path, "its header names the column \(twice) twice")
        }
    }

    /// Calls `body` for each row after the header with the columns named, in that order. To be called once.
    ///
    /// - Throws: `EchoError` where a column is missing or the quoting is broken; whatever `body` throws.
    public func forEachRow(_ columns: [String], _ body: (CSVRow) throws -> Void) throws {
        let places = try columns.map { name in
            guard let place = header.firstIndex(of: name) else {
                throw EchoError(
                    path, "has no column \(name); its columns are \(header.joined(separator: ", "))",
                    try: "check that this is the file it is taken for")
            }
            return place
        }
        var headers = 1
        repeat {
            for row in parser.rows.dropFirst(headers) {
                try body(CSVRow(parser: parser, row: row, places: places, width: header.count))
            }
            headers = 0
            parser.discardRows()
        } while try fill()
    }

    /// Parses the next block of the file; false at its end.
    private func fill() throws(EchoError) -> Bool {
        if parser.finished { return false }
        let count = try file.read(into: &block)
        var text = block[..<count]
        if atStart, text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        atStart = false
        if count > 0, !parser.parse(text) {
            throw EchoError(
                path, "line \(parser.line): a quote stands where none may stand",
                try: "download the file again")
        }
        if count == 0, !parser.finish() {
            throw EchoError(path, "ends inside a quoted field", try: "download the file again")
        }
        return true
    }
}

/// One row of a table, valid during the call that it is handed to.
public struct CSVRow {
    fileprivate let parser: Parser
    fileprivate let row: Parser.Row
    fileprivate let places: [Int]
    fileprivate let width: Int

    /// The line in the file on which the row begins; the header's is 1.
    public var line: Int { row.line }
    /// Whether the row has as many fields as the header.
    public var isWhole: Bool { row.count == width }

    /// The bytes of the column asked for at `index`; none where the row is too short.
    public func bytes(_ index: Int) -> ArraySlice<UInt8> {
        places[index] < row.count ? parser.field(row.first + places[index]) : []
    }

    /// The same as text; bytes that are not UTF-8 become U+FFFD.
    public func text(_ index: Int) -> String { String(decoding: bytes(index), as: UTF8.self) }

    /// The same as a whole number in decimal digits, or nil.
    public func integer(_ index: Int) -> Int64? {
        let bytes = bytes(index)
        let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard digit >= 48, digit <= 57 else { return nil }
            value = value * 10 + Int64(digit - 48)
        }
        return digits.count == bytes.count ? value : -value
    }
}

/// libcsv with the rows of one block of text.
private final class Parser {
    struct Row {
        let line: Int, first: Int, count: Int
    }

    private(set) var rows: [Row] = []
    private(set) var line = 1
    private(set) var finished = false
    private var parser = csv_parser()
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    private var rowStart = 0, rowLine = 1

    init() {
        let options = CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL
        precondition(csv_init(&parser, UInt8(options)) == 0, "libcsv begins")
        // Blanks belong to the field; libcsv would trim them.
        csv_set_space_func(&parser) { _ in 0 }
    }

    deinit { csv_free(&parser) }

    func field(_ index: Int) -> ArraySlice<UInt8> {
        bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    /// Forgets all rows that are complete; the beginning of one stays.
    func discardRows() {
        let start = rowStart == 0 ? 0 : ends[rowStart - 1]
        bytes.removeSubrange(..<start)
        ends.removeSubrange(..<rowStart)
        for i in ends.indices { ends[i] -= start }
        rows.removeAll(keepingCapacity: true)
        rowStart = 0
    }

    /// False where the quoting is broken.
    func parse(_ text: ArraySlice<UInt8>) -> Bool {
        let me = Unmanaged.passUnretained(self).toOpaque()
        return text.withUnsafeBytes { buffer in
            csv_parse(&parser, buffer.baseAddress, buffer.count, Parser.onField, Parser.onRow, me)
                == buffer.count
        }
    }

    /// False where the text ends inside a quoted field.
    func finish() -> Bool {
        finished = true
        return csv_fini(&parser, Parser.onField, Parser.onRow, Unmanaged.passUnretained(self).toOpaque()) == 0
    }

    private static let onField:
        @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutableRawPointer?) -> Void = {
            field, count, me in
            let parser = Unmanaged<Parser>.fromOpaque(me!).takeUnretainedValue()
            let field = UnsafeRawBufferPointer(start: field, count: count)
            if parser.ends.count == parser.rowStart { parser.rowLine = parser.line }
            for byte in field where byte == 10 { parser.line += 1 }
            parser.bytes.append(contentsOf: field)
            parser.ends.append(parser.bytes.count)
        }

    private static let onRow: @convention(c) (Int32, UnsafeMutableRawPointer?) -> Void = { end, me in
        let parser = Unmanaged<Parser>.fromOpaque(me!).takeUnretainedValue()
        let count = parser.ends.count - parser.rowStart
        if count > 0 { parser.rows.append(Row(line: parser.rowLine, first: parser.rowStart, count: count)) }
        parser.rowStart = parser.ends.count
        if end == 10 { parser.line += 1 }
    }
}
