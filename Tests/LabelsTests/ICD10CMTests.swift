import Labels
import Testing

@Suite struct ICD10CMTests {
    @Test func `the release has its chapters, blocks, categories and subcategories`() {
        var levels: [ICD10CM.Level: Int] = [:], leaves = 0
        for node in ICD10CM.current.nodes {
            levels[node.level, default: 0] += 1
            if node.isLeaf { leaves += 1 }
        }
        #expect(ICD10CM.current.count == 98_505)
        #expect(levels == [.chapter: 22, .block: 297, .category: 1_918, .subcategory: 96_268])
        #expect(leaves == 74_731)
    }

    @Test(
        arguments: [
            ("I5020", CodeStatus.leaf, "I50"), ("I502", .notLeaf, "I50"), ("I50", .notLeaf, "I50"),
            ("I10", .leaf, "I10"), ("T07XXXA", .leaf, "T07"), ("S0000XA", .leaf, "S00"),
            ("I5099", .retired, "I50"),
            ("I50201", .retired, "I50"), ("A0000000", .unknown, nil), ("ZZZ", .unknown, nil),
            ("I5", .unknown, nil),
            ("", .unknown, nil), ("A00-A09", .unknown, nil), ("i50", .unknown, nil), ("I5é", .unknown, nil),
        ] as [(String, CodeStatus, String?)]) func `a code has a status and a category`(
            code: String, status: CodeStatus, category: String?
        )
    {
        #expect(ICD10CM.current.status(of: code) == status)
        #expect(ICD10CM.current.category(of: code) == category)
    }

    @Test func `a name that is a block and a category is one at each level`() {
        let path = ICD10CM.current.path(to: "C50911")
        #expect(path.map(\.code) == ["2", "C50", "C50", "C509", "C5091", "C50911"])
        #expect(path.map(\.level).prefix(4) == [.chapter, .block, .category, .subcategory])
        #expect(path.map(\.parent) == [nil, "2", "C50", "C50", "C509", "C5091"])
    }

    @Test func `titles are whole`() {
        #expect(
            ICD10CM.current.node(code: "I5043")?.title
                == "Acute on chronic combined systolic (congestive) and diastolic (congestive) heart failure")
        #expect(
            ICD10CM.current.node(code: "T07XXXA")?.title == "Unspecified multiple injuries, initial encounter"
        )
    }

    @Test func `a retired code stands below what is known of it`() {
        #expect(ICD10CM.current.path(to: "I50209").map(\.code) == ["9", "I30-I5A", "I50", "I502", "I5020"])
        #expect(ICD10CM.current.path(to: "ZZZ").isEmpty)
    }

    @Test(arguments: [(" i50.20", "I5020"), ("I50.20\r", "I5020"), ("", ""), (" . ", ""), ("e11 9", "E11 9")])
    func `a code is text without case, dots and outer blanks`(text: String, normalised: String) {
        #expect(ICDCode(text, version: 10).text == normalised)
    }
}
