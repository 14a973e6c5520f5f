// What raters are asked: the fields of a form with their choices and keys, out of a YAML file.

private import CPage
package import EchoCore
import Files
import Foundation
import Yams

/// The questions of a review.
package struct ReviewForm: Sendable, Equatable {
    package enum Unit: String, Sendable, Codable { case clip, study }

    /// What a field takes.
    package enum Kind: String, Sendable, Codable {
        /// One of the choices; of an ordinal field they stand from the least to the greatest.
        case one, ordinal
        /// Any of the choices, in their order with | between them.
        case many
        case number, text

        package var hasChoices: Bool { self == .one || self == .ordinal || self == .many }
    }

    package struct Choice: Sendable, Equatable, Codable {
        package let value: String
        package let title: String?
        package let key: String?
    }

    package struct Field: Sendable, Equatable, Codable {
        package let name: String
        package let title: String?
        package let unit: Unit
        package let kind: Kind
        /// Of a number or a text: the key that opens its line.
        package let key: String?
        package let choices: [Choice]?

        /// A value as it is stored.
        ///
        /// - Throws: `EchoError` where the field does not take it
        package func checked(_ value: String) throws(EchoError) -> String {
            let values = (choices ?? []).map(\.value)
            switch kind {
            case .one, .ordinal:
                guard values.contains(value) else { break }
                return value
            case .many:
                let chosen = Set(value.split(separator: "|").map(String.init))
                guard !chosen.isEmpty, chosen.isSubset(of: values) else { break }
                return values.filter(chosen.contains).joined(separator: "|")
            case .number:
                guard let number = Double(value), number.isFinite else { break }
                return value
            case .text:
                guard value.utf8.count <= ReviewForm.mostText else { break }
                return value
            }
            throw EchoError("decision", "the field \(name) does not take that value")
        }
    }

    package let fields: [Field]
    /// The file as it was read, and the sum by which it is known again.
    package let text: String
    package var sha256: String { Files.sha256(Array(text.utf8)) }

    /// Bytes of a note.
    static let mostText = 10_000

    /// The form of `--form`; nil for the one that the program carries.
    package init(file: String?) throws(EchoError) {
        guard let file else {
            let bytes = UnsafeRawBufferPointer(start: echoprep_review_form, count: echoprep_review_form_count)
            try self.init(text: String(decoding: bytes, as: UTF8.self))
            return
        }
        let bytes = try readFile(file)
        guard bytes.count <= 1 << 20, let text = String(validating: bytes, as: UTF8.self) else {
            throw EchoError("--form", "is not a text of at most 1 MiB")
        }
        try self.init(text: text)
    }

    package init(text: String) throws(EchoError) {
        struct Form: Decodable { let fields: [Field] }
        do {
            fields = try YAMLDecoder().decode(Form.self, from: text).fields
        } catch {
            throw EchoError(
                "--form", "is no form: \(ReviewForm.words(error))",
                try: "write it as schemas/review-form.yaml (docs/review.md)")
        }
        self.text = text
        try check()
    }

    package func field(_ name: String) -> Field? { fields.first { $0.name == name } }

    private func check() throws(EchoError) {
        func fault(_ problem: String) -> EchoError {
            EchoError("--form", problem, try: "write it as schemas/review-form.yaml (docs/review.md)")
        }
        guard (1...40).contains(fields.count) else { throw fault("has not 1 to 40 fields") }
        guard Set(fields.map(\.name)).count == fields.count else { throw fault("has a field twice") }
        var keys: Set<String> = []
        for field in fields {
            guard field.name.wholeMatch(of: /[a-z][a-z0-9_-]{0,39}/) != nil else {
                throw fault("the name of a field is not a-z, 0-9, _ and -, at most 40")
            }
            let choices = field.choices ?? []
            guard field.kind.hasChoices == !choices.isEmpty, choices.count <= 64 else {
                throw fault(
                    "the field \(field.name) needs \(field.kind.hasChoices ? "1 to 64" : "no") choices")
            }
            guard Set(choices.map(\.value)).count == choices.count,
                choices.allSatisfy({ $0.value.wholeMatch(of: /[^\p{Cc}|=]{1,40}/) != nil })
            else { throw fault("the field \(field.name) has a choice twice, or one that is no short word") }
            for key in choices.compactMap(\.key) + [field.key].compactMap(\.self) {
                guard key.count == 1, key == key.lowercased(), keys.insert(key).inserted else {
                    throw fault("a key is one character, and stands for one thing")
                }
            }
        }
        if let clip = field("clip") {
            guard clip.unit == .clip, clip.kind == .one,
                Set((clip.choices ?? []).map(\.value)).isSuperset(of: ["keep", "exclude"])
            else { throw fault("the field clip is of a clip, with the choices keep and exclude") }
        }
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
        case DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context):
            context.codingPath.last.map { "\($0.stringValue) is not what stands there" } ?? "not YAML"
        default: "not YAML"
        }
    }
}
