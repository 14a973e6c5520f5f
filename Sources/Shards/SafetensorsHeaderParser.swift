// The JSON of a safetensors header, read in one pass over its bytes: half a million tensors take a second, not minutes.

import EchoCore

/// Reads {"NAME": {"dtype": "F32", "shape": […], "data_offsets": [first, end]}, …, "__metadata__": {"KEY": "VALUE", …}}; what
/// else an entry says is passed over.
struct SafetensorsHeaderParser {
    struct Entry {
        var name: String, dtype = "", shape: [Int] = [], first = 0, end = 0
    }

    /// What is wrong, as a clause.
    struct Fault: Error { let clause: String }

    private(set) var metadata: [String: String] = [:]
    private(set) var entries: [Entry] = []
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func parse() throws(Fault) {
        try object { parser, name throws(Fault) in
            if name == "__metadata__" {
                try parser.object { parser, key throws(Fault) in
                    parser.metadata[key] = try parser.string("\(brief(key)) of __metadata__")
                }
            } else {
                guard parser.entries.count < SafetensorsHeader.mostTensors else {
                    throw Fault(clause: "has more than \(grouped(SafetensorsHeader.mostTensors)) tensors")
                }
                parser.entries.append(try parser.entry(name))
            }
        }
        skipBlanks()
        guard place == bytes.count else { throw Fault(clause: "goes on behind its last brace") }
    }

    private mutating func entry(_ name: String) throws(Fault) -> Entry {
        var entry = Entry(name: name)
        skipBlanks()
        guard place < bytes.count, bytes[place] == UInt8(ascii: "{") else {
            throw Fault(clause: "holds something of another type in \(brief(name))")
        }
        var found: Set<String> = []
        try object { parser, key throws(Fault) in
            found.insert(key)
            switch key {
            case "dtype": entry.dtype = try parser.string("dtype of \(brief(name))")
            case "shape": entry.shape = try parser.integers("shape of \(brief(name))")
            case "data_offsets":
                let offsets = try parser.integers("data_offsets of \(brief(name))")
                (entry.first, entry.end) = offsets.count == 2 ? (offsets[0], offsets[1]) : (-1, -1)
            default: try parser.skipValue()
            }
        }
        if let missing = ["dtype", "shape", "data_offsets"].first(where: { !found.contains($0) }) {
            throw Fault(clause: "has no \(missing) for \(brief(name))")
        }
        return entry
    }

    // MARK: JSON

    private mutating func object(
        _ member: (inout SafetensorsHeaderParser, String) throws(Fault) -> Void
    ) throws(Fault) {
        try expect("{")
        if take("}") { return }
        repeat {
            let name = try string("a name")
            try expect(":")
            try member(&self, name)
        } while take(",")
        try expect("}")
    }

    private mutating func integers(_ what: String) throws(Fault) -> [Int] {
        try expect("[")
        var numbers: [Int] = []
        if take("]") { return numbers }
        repeat {
            guard numbers.count < 64 else { throw Fault(clause: "has more than 64 numbers in \(what)") }
            numbers.append(try integer(what))
        } while take(",")
        try expect("]")
        return numbers
    }

    private mutating func integer(_ what: String) throws(Fault) -> Int {
        skipBlanks()
        let start = place
        if place < bytes.count, bytes[place] == UInt8(ascii: "-") { place += 1 }
        while place < bytes.count, (0x30...0x39).contains(bytes[place]) { place += 1 }
        guard place - start <= 20,
            let number = Int(String(decoding: bytes[start..<place], as: UTF8.self))
        else { throw Fault(clause: "holds something of another type in \(what)") }
        return number
    }

    private mutating func string(_ what: String) throws(Fault) -> String {
        skipBlanks()
        guard place < bytes.count else { throw notJSON }
        guard bytes[place] == UInt8(ascii: "\"") else {
            throw Fault(clause: "holds something of another type in \(what)")
        }
        place += 1
        let start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "\""), bytes[place] != UInt8(ascii: "\\") {
            guard bytes[place] >= 0x20 else { throw notJSON }
            place += 1
        }
        guard var text = String(validating: bytes[start..<place], as: UTF8.self) else { throw notJSON }
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            if bytes[place] == UInt8(ascii: "\\") {
                text.unicodeScalars.append(try escape())
            } else {
                let run = place
                while place < bytes.count, bytes[place] != UInt8(ascii: "\""),
                    bytes[place] != UInt8(ascii: "\\")
                {
                    guard bytes[place] >= 0x20 else { throw notJSON }
                    place += 1
                }
                guard let rest = String(validating: bytes[run..<place], as: UTF8.self) else { throw notJSON }
                text += rest
            }
        }
        guard place < bytes.count else { throw notJSON }
        place += 1
        return text
    }

    /// The character that a backslash and what follows it stand for.
    private mutating func escape() throws(Fault) -> Unicode.Scalar {
        guard place + 1 < bytes.count else { throw notJSON }
        let letter = bytes[place + 1]
        place += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw notJSON
        }
        var code = try hexadecimal()
        if (0xD800..<0xDC00).contains(code), place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"),
            bytes[place + 1] == UInt8(ascii: "u")
        {
            place += 2
            let low = try hexadecimal()
            guard (0xDC00..<0xE000).contains(low) else { throw notJSON }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw notJSON }
        return scalar
    }

    private mutating func hexadecimal() throws(Fault) -> UInt32 {
        guard place + 4 <= bytes.count,
            let code = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
        else { throw notJSON }
        place += 4
        return code
    }

    /// Passes over any value, whatever lies in it.
    private mutating func skipValue() throws(Fault) {
        var depth = 0
        repeat {
            skipBlanks()
            guard place < bytes.count else { throw notJSON }
            switch bytes[place] {
            case UInt8(ascii: "\""): _ = try string("a value")
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                place += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { throw notJSON }
                depth -= 1
                place += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { throw notJSON }
                place += 1
            default:
                let start = place
                while place < bytes.count, ![0x2C, 0x5D, 0x7D, 0x20, 0x0A, 0x0D, 0x09].contains(bytes[place])
                { place += 1 }
                guard place > start else { throw notJSON }
            }
        } while depth > 0
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(Fault) {
        guard take(character) else { throw notJSON }
    }

    /// Whether the next character is this one, which then is read.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard place < bytes.count, bytes[place] == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func skipBlanks() {
        while place < bytes.count, bytes[place] <= 0x20,
            bytes[place] == 0x20 || (0x09...0x0D).contains(bytes[place])
        { place += 1 }
    }

    private var notJSON: Fault { Fault(clause: "is not JSON") }
}
