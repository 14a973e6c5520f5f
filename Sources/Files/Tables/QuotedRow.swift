// The rows of a table that have a quote in them, by libcsv.

private import CLibCSV

/// Cuts one row after the other; the fields of a row are there until the next one.
final class QuotedRow {
    /// The last row ended within a quoted field, or has more fields than a row may have.
    private(set) var isOpen = false, isTooWide = false
    private var parser = csv_parser()
    private var bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 0)
    private let bounds = UnsafeMutableBufferPointer<Int>.allocate(capacity: 2 * CSVReader.mostColumns)
    private var length = 0, count = 0

    init() { begin() }

    deinit {
        csv_free(&parser)
        bytes.deallocate()
        bounds.deallocate()
    }

    /// The fields of a row, without the end of its line; nil where its quoting is broken, or it is too wide.
    func parse(
        _ row: UnsafeBufferPointer<UInt8>
    ) -> (base: UnsafePointer<UInt8>, bounds: UnsafePointer<Int>, count: Int)? {
        // Fields are never longer than what they are quoted in.
        if bytes.count <= row.count {
            bytes.deallocate()
            bytes = .allocate(capacity: 2 * row.count + 1)
        }
        (length, count, isTooWide) = (0, 0, false)
        let me = Unmanaged.passUnretained(self).toOpaque()
        let isParsed =
            csv_parse(&parser, row.baseAddress, row.count, QuotedRow.onField, { _, _ in }, me) == row.count
        let isClosed = csv_fini(&parser, QuotedRow.onField, { _, _ in }, me) == 0
        isOpen = isParsed && !isClosed
        if isParsed, isClosed, !isTooWide {
            return (UnsafePointer(bytes.baseAddress!), UnsafePointer(bounds.baseAddress!), count)
        }
        csv_free(&parser)
        begin()
        return nil
    }

    private func begin() {
        let options = CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL
        precondition(csv_init(&parser, UInt8(options)) == 0, "libcsv begins")
        // Blanks belong to the field; libcsv would trim them.
        csv_set_space_func(&parser) { _ in 0 }
    }

    private static let onField:
        @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutableRawPointer?) -> Void = {
            field, count, me in
            let row = Unmanaged<QuotedRow>.fromOpaque(me!).takeUnretainedValue()
            guard row.count < CSVReader.mostColumns else { return row.isTooWide = true }
            row.bounds[2 * row.count] = row.length
            if let field, count > 0 {
                UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(row.bytes)[row.length...]
                )
                .copyBytes(from: UnsafeRawBufferPointer(start: field, count: count))
            }
            row.length += count
            row.bounds[2 * row.count + 1] = row.length
            row.count += 1
        }
}
