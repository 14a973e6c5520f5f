// A csv table as bytes, built fast.

/// Rows of numbers and plain words.
struct Rows {
    private(set) var bytes: [UInt8]

    init(_ header: String) { bytes = Array(header.utf8) + [0x0A] }

    /// Adds a row; no field holds a comma or a quote.
    mutating func add(_ fields: any Field...) {
        for (index, field) in fields.enumerated() {
            if index > 0 { bytes.append(0x2C) }
            field.append(to: &bytes)
        }
        bytes.append(0x0A)
    }
}

/// What stands between two commas.
protocol Field {
    func append(to bytes: inout [UInt8])
}

extension Int: Field {
    func append(to bytes: inout [UInt8]) { bytes += String(self).utf8 }
}

extension String: Field {
    func append(to bytes: inout [UInt8]) { bytes += utf8 }
}
