// How common the paper found its targets, as far as that is known to us: set beside what link-icd finds.

private import CResources

/// The known rows of the paper's table of targets (section 5.1), out of schemas/paper-prevalence.csv.
enum PaperPrevalence {
    /// How many targets the paper has.
    static let targets = 40

    /// Categories with their shares of labelled studies, 0 … 1, by their names.
    static let known: [(category: String, share: Double)] = {
        let resource = UnsafeRawBufferPointer(
            start: echoprep_paper_prevalence, count: echoprep_paper_prevalence_count)
        let rows = String(decoding: resource, as: UTF8.self).split(separator: "\n").dropFirst()
        return rows.map { row in
            let fields = row.split(separator: ",")
            guard fields.count == 2, let percent = Double(fields[1]) else {
                preconditionFailure("the program's own table is one")
            }
            return (String(fields[0]), percent / 100)
        }
    }()
}
