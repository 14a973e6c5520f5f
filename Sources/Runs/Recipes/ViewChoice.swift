// The value of `--views`: how many clips of a study a model looks at together, and of which views.

import EchoCore

/// A number, names of views, or both: "4", "A4C,PLAX", "4,A4C,PLAX"; "all" for as many as there are.
package struct ViewChoice: Sendable, Equatable, Codable, CustomStringConvertible {
    /// Nil for what is usual, `Int.max` for all.
    package var count: Int?
    /// As the labels `view` of clips have them; none for any view.
    package var names: [String]

    /// Nil where it says nothing.
    package init?(count: Int?, names: [String]) {
        if count == nil && names.isEmpty { return nil }
        self.count = count
        self.names = names
    }

    /// Nil for what is none: a number below 1, two numbers, a name twice, an empty one.
    package init?(_ text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let counts = parts.compactMap { $0 == "all" ? Int.max : Int($0) }
        names = parts.filter { $0 != "all" && Int($0) == nil }
        count = counts.first
        guard counts.count < 2, counts.allSatisfy({ $0 > 0 }), Set(names).count == names.count,
            // What looks like a number and is none is no name either.
            names.allSatisfy({ $0.contains(where: \.isLetter) && !$0.hasPrefix("0x") })
        else { return nil }
    }

    /// As it is read.
    package var description: String {
        ((count.map { [$0 == .max ? "all" : "\($0)"] } ?? []) + names).joined(separator: ",")
    }

    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        let text = try (try? value.decode(Int.self)).map { "\($0)" } ?? value.decode(String.self)
        guard let choice = ViewChoice(text) else {
            throw EchoError("views", "is neither a number nor names of views")
        }
        self = choice
    }

    /// A number alone is one.
    package func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        if names.isEmpty, let count, count != .max {
            try value.encode(count)
        } else {
            try value.encode(description)
        }
    }
}
