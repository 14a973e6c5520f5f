// Values that identify somebody, put into every element of DICOM files, every cell of tables and every path, and looked for.

import Foundation
import TestSupport

/// A phantom of which every text, number, time and path can be told when it comes out somewhere.
struct Planted {
    /// In every text.
    static let mark = "PLANTED"
    let folder: URL
    /// Numbers of subjects, studies and stays, and days.
    private(set) var numbers: Set<String> = [], days: Set<String> = []

    /// Makes `folder`/PLANTED-source: files as a hospital has them.
    init(_ folder: URL, studies: Int) throws {
        self.folder = folder
        let made = try Built.run(
            [
                "phantom", "\(Planted.mark)-source", "--studies", "\(studies)", "--frames", "4", "--size",
                "96x128",
                "--no-extras",
            ], in: folder)
        guard made.status == 0 else { throw CocoaError(.fileNoSuchFile) }
        let names = FileManager.default.enumerator(atPath: source.path)?.allObjects as? [String] ?? []
        for name in names.sorted() {
            let file = source.appendingPathComponent(name)
            if name.hasSuffix(".dcm") {
                try Planted.plant(file)
            } else if name.hasSuffix(".csv") || name.hasSuffix(".csv.gz") {
                try plant(table: file)
            }
        }
    }

    var source: URL { folder.appendingPathComponent("\(Planted.mark)-source") }

    /// Cells that may be any text say who they are; numbers and times are remembered.
    private mutating func plant(table file: URL) throws {
        let isPacked = file.pathExtension == "gz"
        let text = try Built.shell(isPacked ? "gzip -dc '\(file.path)'" : "cat '\(file.path)'", in: folder)
            .output
        var lines = text.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let header = lines[0]
        let free: Set = [
            "insurance", "language", "marital_status", "race", "admission_type", "admission_location",
            "discharge_location", "admit_provider_id", "long_title", "measurement_description",
            "anchor_year_group",
        ]
        for row in lines.indices.dropFirst() {
            for (column, name) in header.enumerated() where column < lines[row].count {
                let cell = lines[row][column]
                if free.contains(name), !cell.contains("\"") {
                    lines[row][column] = "\(Planted.mark) \(name) \(row)"
                }
                if name.hasSuffix("_id"), cell.count > 5 { numbers.insert(cell) }
                if cell.count >= 10, cell.dropFirst(4).first == "-" {
                    days.insert(String(cell.prefix(10)))
                    days.insert(cell.prefix(10).replacingOccurrences(of: "-", with: ""))
                }
            }
        }
        let plain = isPacked ? file.deletingPathExtension() : file
        try Data((lines.map { $0.joined(separator: ",") }.joined(separator: "\n") + "\n").utf8).write(
            to: plain)
        if isPacked { _ = try Built.shell("gzip -nf '\(plain.path)'", in: folder) }
    }

    // MARK: DICOM

    private struct Element {
        let group: UInt16, element: UInt16
        let vr: String
        var value: [UInt8]
        var tag: UInt32 { UInt32(group) << 16 | UInt32(element) }
    }

    /// Every element but those by which pictures are decoded and judged, and some that the phantom has not.
    private static func plant(_ file: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: file))
        func number(_ place: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
        }
        let long: Set = ["OB", "OW", "SQ", "UN", "UT", "OF", "OD", "UC", "UR"]
        var place = 132, found: [Element] = [], head = 132
        var rest = bytes.count
        while place + 8 <= bytes.count {
            let group = UInt16(number(place, 2)),
                vr = String(decoding: bytes[place + 4..<place + 6], as: UTF8.self)
            if group == 0x7FE0 {
                rest = place
                break
            }
            let isLong = long.contains(vr), start = place + (isLong ? 12 : 8)
            let length = isLong ? number(place + 8, 4) : number(place + 6, 2)
            guard length != 0xFFFF_FFFF else { throw CocoaError(.fileReadCorruptFile) }
            if group == 2 {
                head = start + length
            } else {
                found.append(
                    Element(
                        group: group, element: UInt16(number(place + 2, 2)), vr: vr,
                        value: Array(bytes[start..<start + length])))
            }
            place = start + length
        }
        let needed: Set<UInt32> = [
            0x0008_0008, 0x0008_0016, 0x0008_0060, 0x0018_1063, 0x0018_0040, 0x0028_0008,
        ]
        for index in found.indices
        where !needed.contains(found[index].tag) && found[index].group != 0x28 {
            switch found[index].vr {
            case "SH", "LO", "PN", "ST", "LT", "CS": found[index].value = text(found[index].tag)
            case "UI": found[index].value = Array("1.2.739146.\(found[index].tag)".utf8)
            case "DA": found[index].value = Array("27391231".utf8)
            case "DT": found[index].value = Array("27391231235959".utf8)
            default: break
            }
        }
        for (tag, vr) in [
            (0x0008_0080, "LO"), (0x0008_1070, "PN"), (0x0010_4000, "LT"), (0x0018_1030, "LO"),
            (0x0032_1060, "LO"),
        ] as [(UInt32, String)]
        where !found.contains(where: { $0.tag == tag }) {
            found.append(
                Element(group: UInt16(tag >> 16), element: UInt16(tag & 0xFFFF), vr: vr, value: text(tag)))
        }
        var written = Array(bytes[..<head])
        for element in found.sorted(by: { $0.tag < $1.tag }) {
            let value = element.value + (element.value.count % 2 == 1 ? [element.vr == "UI" ? 0 : 0x20] : [])
            func add(_ number: Int, _ count: Int) {
                for byte in 0..<count { written.append(UInt8(number >> (8 * byte) & 255)) }
            }
            add(Int(element.group), 2)
            add(Int(element.element), 2)
            written += Array(element.vr.utf8)
            if long.contains(element.vr) {
                add(0, 2)
                add(value.count, 4)
            } else {
                add(value.count, 2)
            }
            written += value
        }
        try Data(written + bytes[rest...]).write(to: file)
    }

    private static func text(_ tag: UInt32) -> [UInt8] { Array("\(mark) \(String(tag, radix: 16))".utf8) }

    // MARK: Looking for them

    /// Where something that was planted stands in the files below a folder: in their names, their bytes, and those of what
    /// is packed in them.
    func found(in folder: URL) throws -> [String] {
        var found: [String] = []
        let names = FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []
        for name in names.sorted() {
            found += look(Array(name.utf8)).map { "\(name): its name has \($0)" }
            guard let bytes = (try? Data(contentsOf: folder.appendingPathComponent(name))).map([UInt8].init)
            else { continue }
            found += look(bytes).map { "\(name): \($0)" }
            for packed in try unpacked(bytes) { found += look(packed).map { "\(name): \($0), packed" } }
        }
        return found
    }

    private func look(_ bytes: [UInt8]) -> [String] {
        var found: [String] = []
        let data = Data(bytes)
        for mark in [Planted.mark, "739146", "27391231", self.folder.lastPathComponent]
        where data.range(of: Data(mark.utf8)) != nil { found.append(mark) }
        // Runs of digits and dashes, of which a part may be a number or a day.
        var run: [UInt8] = []
        for byte in bytes + [0] {
            if 0x30...0x39 ~= byte || byte == 0x2D {
                run.append(byte)
                continue
            }
            if run.count >= 8 {
                let text = String(decoding: run, as: UTF8.self)
                found += (numbers.union(days)).filter { text.contains($0) }
            }
            run = []
        }
        for number in numbers {
            guard let value = Int64(number) else { continue }
            if data.range(of: withUnsafeBytes(of: value.littleEndian) { Data($0) }) != nil {
                found.append("\(number), binary")
            }
        }
        return found
    }

    /// What gzip packed, wherever it begins.
    private func unpacked(_ bytes: [UInt8]) throws -> [[UInt8]] {
        var found: [[UInt8]] = [], data = Data(bytes)
        let file = folder.appendingPathComponent("packed.gz"), plain = folder.appendingPathComponent("plain")
        while let place = data.range(of: Data([0x1F, 0x8B, 0x08, 0x00])) {
            data = Data(data[place.lowerBound...])
            try data.write(to: file)
            _ = try Built.shell("gzip -dc packed.gz >plain 2>/dev/null", in: folder)
            found.append([UInt8](try Data(contentsOf: plain)))
            data = Data(data.dropFirst(4))
        }
        return found
    }
}
