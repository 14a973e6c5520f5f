// Answers as a csv file that any program can write.

import Catalog
import EchoCore
import Files
import Tasks

extension Answers {
    /// Reads a csv file, plain or gzipped: of classes with the columns `study_id` (or `clip`), `code`, `label` (0, 1 or empty for
    /// "not known") and `probability`, of a quantity with `prediction` in place of the last, `label` in the quantity's
    /// unit and `code` its name. `subject_id` and for classes `logit` are optional. A study without a subject counts as
    /// its own.
    package init(csv path: String) throws {
        let table = try CSVReader(path)
        let form: Form = table.header.contains("prediction") ? .quantity : .classes
        let optional = form.optional.filter(table.header.contains)
        var found: [(target: String, row: Row)] = []
        var seen = Set<[String]>(), named = Set<String>()
        let unit: LabelSource.Unit = table.header.contains("clip") ? .clip : .study
        try table.forEachRow([unit.column, "code", "label", form.answer] + optional) { line in
            let place = "\(path): line \(line.line)"
            func text(_ column: String) -> String {
                optional.firstIndex(of: column).map { line.text(4 + $0) } ?? ""
            }
            guard line.isWhole else { throw EchoError(place, "not as many fields as the header has") }
            let study = line.text(0), target = line.text(1)
            guard seen.insert([study, target]).inserted else {
                throw EchoError(place, "the same \(form.key) a second time")
            }
            named.insert(target)
            guard let truth = try form.truth(line.text(2), place) else { return }
            let subject = text("subject_id"), logit = text("logit")
            found.append(
                (
                    target,
                    Row(
                        study: study, subject: subject.isEmpty ? study : subject, truth: truth,
                        answer: try form.answer(line.text(3), place),
                        logit: logit.isEmpty ? nil : try form.number(logit, place))
                ))
        }
        guard let first = found.first else { throw EchoError(path, "holds no labelled prediction") }
        guard form == .classes || named.count == 1 else {
            throw EchoError(path, "holds several quantities", try: "a file for each value of code")
        }
        self.init(form == .classes ? .classes : .quantity(Quantity(named: first.target)), of: unit)
        for (target, row) in found { append(row, to: target) }
    }

    /// Writes the csv file that `init(csv:)` reads.
    package func write(csv path: String) throws { try writeFile(path, Array(csv.utf8)) }

    /// The text of that file.
    package var csv: String {
        let isClasses = kind == .classes
        let header = [unit.column, "subject_id", "code", "label"]
        return csvText(
            header + (isClasses ? ["logit", "probability"] : ["prediction"]),
            targets.flatMap { target in
                self[target].map { row -> [String?] in
                    let ids: [String?] = [row.study, row.subject, target]
                    return isClasses
                        ? ids + [row.isPositive ? "1" : "0", row.logit.map { "\($0)" }, "\(row.answer)"]
                        : ids + ["\(row.truth)", "\(row.answer)"]
                }
            })
    }
}

extension LabelSource.Unit {
    /// The column that says what is answered about.
    fileprivate var column: String { self == .clip ? "clip" : "study_id" }
}

/// How the fields of each kind are written.
private enum Form {
    case classes, quantity

    /// The column of the answer.
    package var answer: String { self == .classes ? "probability" : "prediction" }
    package var optional: [String] { self == .classes ? ["subject_id", "logit"] : ["subject_id"] }
    /// What stands in one row only.
    package var key: String { self == .classes ? "study and code" : "study" }

    /// Nil where it is not known.
    package func truth(_ text: String, _ place: String) throws(EchoError) -> Double? {
        guard self == .classes else { return text.isEmpty ? nil : try number(text, place) }
        switch text {
        case "1", "1.0", "true", "True": return 1
        case "0", "0.0", "false", "False": return 0
        case "": return nil
        default: throw EchoError(place, "a label that is not 0, 1 or empty")
        }
    }

    package func answer(_ text: String, _ place: String) throws(EchoError) -> Double {
        let value = try number(text, place)
        guard self == .quantity || (0...1).contains(value) else {
            throw EchoError(
                place, "a probability outside of 0 to 1", try: "apply the logistic function to logits")
        }
        return value
    }

    package func number(_ text: String, _ place: String) throws(EchoError) -> Double {
        guard let value = decimalNumber(text) else {
            let what = self == .classes ? "probability or logit" : "label or prediction"
            throw EchoError(place, "a \(what) that is not a finite number")
        }
        return value
    }
}
