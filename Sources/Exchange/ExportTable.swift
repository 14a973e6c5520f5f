// A table on its way out of the database: named columns of one type each, as csv or as Parquet.

import Catalog
import EchoCore
import Files
import Foundation
import GRDB

/// Rows of a query with typed columns.
struct ExportTable {
    enum Kind {
        case integer, real, boolean, text
        /// A time as the database prints it.
        case timestamp
    }

    struct Column {
        let name: String
        let kind: Kind
        /// A value that is missing somewhere.
        let optional: Bool
        var values: [DatabaseValue] = []

        init(_ name: String, _ kind: Kind, optional: Bool = false) {
            self.name = name
            self.kind = kind
            self.optional = optional
        }
    }

    private(set) var columns: [Column]

    init(columns: [Column]) { self.columns = columns }

    /// Runs a query that selects the columns in their order.
    init(_ db: Database, columns: [Column], sql: String) throws {
        self.columns = columns
        let rows = try Row.fetchCursor(db, sql: sql)
        while let row = try rows.next() {
            for index in columns.indices { self.columns[index].values.append(row[index]) }
        }
    }

    var rowCount: Int { columns.first?.values.count ?? 0 }

    /// Comma-separated, RFC 4180, with a header; missing values are empty.
    var csv: String {
        var text = columns.map { csvField($0.name) }.joined(separator: ",") + "\n"
        for row in 0..<rowCount {
            text += columns.map { Self.field($0.values[row]) }.joined(separator: ",") + "\n"
        }
        return text
    }

    /// Parquet with one row group.
    ///
    /// - Throws: `EchoError` where a value is missing that may not be, or is of another kind than its column
    func parquet() throws(EchoError) -> [UInt8] {
        for column in columns {
            guard column.values.allSatisfy({ Self.fits($0, column) }) else {
                throw EchoError(
                    Catalog.fileName, "holds a value that cannot be, in what is written as \(column.name)",
                    try: "look at the rows where it is missing or of another kind")
            }
        }
        var writer = ParquetWriter(rows: rowCount)
        for column in columns {
            let values = column.values
            let cells: ParquetWriter.Values =
                switch column.kind {
                case .integer: .int64(values.map(Int64.fromDatabaseValue))
                case .real: .double(values.map(Double.fromDatabaseValue))
                case .boolean: .boolean(values.map(Bool.fromDatabaseValue))
                case .text: .string(values.map(String.fromDatabaseValue))
                case .timestamp:
                    .timestamp(
                        values.map {
                            String.fromDatabaseValue($0).flatMap { Timestamp($0) }.map {
                                Int64($0.seconds) * 1_000_000
                            }
                        })
                }
            writer.add(column.name, cells, optional: column.optional)
        }
        return writer.finish()
    }

    private static func fits(_ value: DatabaseValue, _ column: Column) -> Bool {
        if value.isNull { return column.optional }
        return switch column.kind {
        case .integer: Int64.fromDatabaseValue(value) != nil
        case .real: Double.fromDatabaseValue(value)?.isFinite ?? false
        case .boolean: Bool.fromDatabaseValue(value) != nil
        case .text: String.fromDatabaseValue(value) != nil
        case .timestamp: String.fromDatabaseValue(value).flatMap { Timestamp($0) } != nil
        }
    }

    private static func field(_ value: DatabaseValue) -> String {
        switch value.storage {
        case .null: return ""
        case .int64(let number): return "\(number)"
        case .double(let number): return "\(number)"
        case .string(let text): return csvField(text)
        case .blob: return ""
        }
    }
}
