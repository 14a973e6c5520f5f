// Splits from elsewhere: a csv file in place of the hash.

import EchoCore

extension SplitRule {
    /// The split of each subject by a csv file with the columns subject_id and split; other subjects' too.
    ///
    /// - Throws: `EchoError` where it gives a subject two
    static func read(_ table: SourceTable) throws -> Reading<[Int: Split]> {
        var twice: Int?
        let reading = try table.read(["subject_id", "split"], into: [Int: Split]()) { splits, row in
            let subject = try row.integer(0)
            let name = try row.text(1)
            guard let split = Split(named: name) else {
                throw RowFault(
                    reason: "split is none of \(Split.knownNames)", text: "\(name.prefix(80))",
                    isSpelling: true)
            }
            if let other = splits.updateValue(split, forKey: subject), other != split { twice = row.line }
        }
        if let twice {
            throw EchoError(
                table.path, "line \(twice): gives a subject a second split",
                try: "keep one split for each subject")
        }
        return reading
    }
}
