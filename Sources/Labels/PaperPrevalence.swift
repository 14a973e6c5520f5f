// How common the paper found its targets: set beside what link-icd finds, and the targets of `--codes paper`.

private import CResources

/// The paper's table of targets (section 5.1), out of schemas/paper-prevalence.csv.
enum PaperPrevalence {
    struct Row {
        let category: String
        /// Of the labelled studies, as it is printed.
        let percent: Double
        /// Labelled studies that have it.
        let studies: Int
    }

    /// The labelled studies of the paper: of all numbers from 50 to 7,299 only this one, 6,562 and 6,876 give all forty
    /// percentages, and 48.3 % of the paper's 7,114 studies are this many, as it says that about 48 % are labelled.
    static let labelled = 3_438

    /// In the paper's order, which is that of the codes.
    static let rows: [Row] = {
        let resource = UnsafeRawBufferPointer(
            start: echoprep_paper_prevalence, count: echoprep_paper_prevalence_count)
        return String(decoding: resource, as: UTF8.self).split(separator: "\n").dropFirst().map { row in
            let fields = row.split(separator: ",")
            guard fields.count == 3, let percent = Double(fields[1]), let studies = Int(fields[2]) else {
                preconditionFailure("the program's own table is one")
            }
            return Row(category: String(fields[0]), percent: percent, studies: studies)
        }
    }()

    /// The same as a list of targets.
    static var list: [ListedCode] { rows.map { ListedCode(code: $0.category, prevalence: $0.percent / 100) } }
}
