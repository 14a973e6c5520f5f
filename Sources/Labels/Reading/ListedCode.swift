// A list of codes that `--codes` names: the targets in their order, each perhaps with a prevalence to set beside ours.

import EchoCore

/// A row of such a list.
struct ListedCode: Equatable {
    let code: String
    /// As a share of 0 … 1.
    let prevalence: Double?

    /// The codes of a csv file with the column category and, where it has one, percent.
    static func read(_ table: SourceTable, level: ICD10CM.Level) throws -> Reading<[ListedCode]> {
        var unknown: (line: Int, code: String)?
        let reading = try table.read(["category"], optional: ["percent"], into: [ListedCode]()) {
            codes, row in
            let code = ICDCode.normalised(try row.text(0))
            if ICD10CM.current.path(to: code, at: level).isEmpty { unknown = unknown ?? (row.line, code) }
            guard !codes.contains(where: { $0.code == code }) else {
                throw RowFault(reason: "repeats a category", text: code)
            }
            codes.append(
                ListedCode(code: code, prevalence: row.optional(1, TableRow.number).map { $0 / 100 }))
        }
        if let unknown {
            throw EchoError(
                table.path, "line \(unknown.line): the release has no \(level.rawValue) \(unknown.code)",
                try: "correct the list, or name the level of its codes with --level")
        }
        return reading
    }
}
