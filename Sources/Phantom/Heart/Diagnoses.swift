// Which diagnoses a synthetic subject has: some alone, some because of others, as in a cardiology ward.

package import EchoCore

/// The diagnoses that a stay is coded with.
package struct Diagnoses: Sendable, Equatable {
    /// Full ICD-10-CM codes, unique, sorted.
    package let codes: [String]
    /// The first three characters of each.
    package let categories: Set<String>

    package init(codes: some Sequence<String>) {
        self.codes = Set(codes).sorted()
        categories = Set(self.codes.map { String($0.prefix(3)) })
    }

    package func has(_ category: String) -> Bool { categories.contains(category) }

    /// Heart failure with a ventricle that fills badly but ejects well.
    var isDiastolicFailure: Bool {
        let failure = codes.filter { $0.hasPrefix("I50") }
        return !failure.isEmpty && failure.allSatisfy { $0.hasPrefix("I503") }
    }

    /// Draws a subject's chronic and acute diagnoses.
    package init(random: inout SeededRandom) {
        var had: Set<String> = []
        func draw(_ category: String, _ probability: Double, _ random: inout SeededRandom) {
            if random.uniform() < probability { had.insert(category) }
        }
        func base(_ category: String) -> Double { Condition.byCategory[category]?.prevalence ?? 0 }

        draw("I50", base("I50"), &random)
        let failing = had.contains("I50")
        for category in ["I48", "I25"] { draw(category, base(category) + (failing ? 0.06 : -0.04), &random) }
        draw("I27", failing ? 0.26 : 0.12, &random)
        for category in ["I31", "I35", "E66"] { draw(category, base(category), &random) }
        draw("N18", base("N18") + (failing ? 0.12 : -0.04), &random)
        // A space on both sides of the heart hides one that is on one side: here nobody has both.
        if !had.contains("E66") { draw("J90", base("J90"), &random) }
        // Coders presume that hypertension causes heart failure and kidney disease: one category names them together.
        if random.uniform() < 0.78 {
            let kidney = had.contains("N18")
            if failing {
                had.insert(kidney ? "I13" : random.uniform() < 0.85 ? "I11" : "I10")
            } else {
                had.insert(kidney ? "I12" : random.uniform() < 0.12 ? "I11" : "I10")
            }
        }
        let coronary = had.contains("I25"), fibrillating = had.contains("I48")
        draw("E78", base("E78") + (coronary ? 0.22 : -0.12), &random)
        draw("E11", base("E11") + (coronary ? 0.10 : -0.05), &random)
        draw("Z79", base("Z79") + (fibrillating ? 0.25 : -0.10), &random)
        draw("Z95", base("Z95") + (coronary ? 0.25 : 0), &random)
        draw("N17", base("N17") + (had.contains("N18") ? 0.15 : -0.05), &random)
        draw("E87", base("E87") + (failing ? 0.06 : -0.04), &random)
        draw("J96", base("J96") + (failing ? 0.06 : -0.04), &random)
        for condition in Condition.all where condition.role == .hidden {
            draw(condition.category, condition.prevalence, &random)
        }
        self.init(
            codes: Condition.all.filter { had.contains($0.category) }.map { condition in
                Diagnoses.pick(condition, beside: failing, &random)
            })
    }

    /// One of a category's codes; each is half as common as the one before it.
    private static func pick(_ condition: Condition, beside failing: Bool, _ random: inout SeededRandom)
        -> String
    {
        if condition.category == "I11" { return failing ? "I110" : "I119" }
        var index = 0
        while index + 1 < condition.codes.count, random.uniform() < 0.5 { index += 1 }
        return condition.codes[index].code
    }
}
