// The general equivalence mappings of the Centers for Medicare & Medicaid Services: ICD-9-CM in terms of ICD-10-CM.

import EchoCore

/// One line of a file such as 2018_I9gem.txt: an ICD-9-CM code, an ICD-10-CM code, five flags.
///
/// A code may have many lines: alternatives, and combinations of codes that only together mean the same.
struct EquivalenceMapping: Equatable {
    let source: String
    /// nil where no code of ICD-10-CM is near (the file says NoDx).
    let target: String?
    /// The two codes do not mean quite the same.
    let approximate: Bool
    let noMap: Bool
    /// The target is part of a combination of codes.
    let combination: Bool
    /// Which combination, and which place in it; 0 without combination.
    let scenario: Int, choiceList: Int

    /// Reads a line; nil if it is none of such a file.
    init?(line: Substring) {
        let fields = line.split(whereSeparator: \.isWhitespace)
        guard fields.count == 3, fields[2].utf8.count == 5 else { return nil }
        let flags = fields[2].utf8.map { Int($0) - 0x30 }
        guard flags.allSatisfy({ (0...9).contains($0) }), flags[..<3].allSatisfy({ $0 < 2 }) else {
            return nil
        }
        source = ICDCode.normalised(fields[0])
        target = flags[1] == 1 || fields[1].uppercased() == "NODX" ? nil : ICDCode.normalised(fields[1])
        (approximate, noMap, combination) = (flags[0] == 1, flags[1] == 1, flags[2] == 1)
        (scenario, choiceList) = (flags[3], flags[4])
    }
}

extension CohortTables {
    /// The mappings of the ICD-9 codes in use, out of a text file, plain or gzipped.
    func readMappings(_ table: SourceTable) throws -> Reading<[String: [EquivalenceMapping]]> {
        var reading = Reading(value: [String: [EquivalenceMapping]]())
        let used = Set(codes.lazy.filter { $0.version == 9 }.map(\.text))
        for line in try table.text().split(whereSeparator: \.isNewline) {
            reading.rows += 1
            reading.seen += 1
            if let mapping = EquivalenceMapping(line: line) {
                if used.contains(mapping.source) {
                    reading.value[mapping.source, default: []].append(mapping)
                }
            } else {
                let reason = "is not two codes and five flags"
                reading.rejects.append(
                    RejectedRow(line: reading.rows, reason: reason, text: "\(line.prefix(80))"))
            }
        }
        if reading.value.isEmpty, !used.isEmpty {
            throw EchoError(
                table.path, "maps none of the ICD-9 codes in use",
                try: "name CMS's file from ICD-9 to ICD-10, as 2018_I9gem.txt")
        }
        return reading
    }
}
