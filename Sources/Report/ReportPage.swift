// A page: what it is about, and the sections that gather from that what they show.

package import Catalog
package import Compute
package import EchoCore
package import Runs
package import Scoring
package import Tasks

/// What a page is about. What is nil or empty has no place on it.
package struct ReportSubject {
    package var title: String
    /// Who was judged, in a sentence.
    package var lead = ""
    /// What was answered, an entry for each kind of answers.
    package var standings: [Standings]
    /// An experiment's table, and the differences that it is about.
    package var results: (table: ResultTable, differences: [Comparison], kind: AnswerKind)?
    /// What is drawn code by code where models are compared; nil for the main measure.
    package var measure: Measure?
    package var catalog: Catalog?
    /// Which clips of the dataset are shown.
    package var clips = ClipChoice()
    /// The one model whose settings, attention and map are shown, and on which split.
    package var trained: TrainedModel?
    package var split = Split.test
    /// Folders of the runs whose training is told, in their order.
    package var runs: [String] = []
    /// Whether it is for outsiders: then what is answered is given without answers and small counts
    /// (`Standings.shared`), and of sections those stand that show no picture, no single study and nothing of the dataset.
    package var isForOutsiders = false
    /// Pre-trained runs that fill in studies of the split, where those lie, and where it is computed.
    package var pretrained: (runs: [String], dataset: String, place: Place)?

    package init(title: String, _ standings: [Standings]) {
        self.title = title
        self.standings = standings
    }

    /// The runs of a page that compares none.
    package var single: [ScoredRun] { standings.filter(\.isSingle).map { $0.runs[0] } }
}

/// A section of the page: it gathers what it shows, then draws it.
protocol ReportSection: SendableMetatype {
    /// A word of this source, which the page's list of contents links to.
    static var anchor: StaticString { get }
    /// Whether it shows answers; else it shows the dataset or the first run, and stays where other runs stand beside.
    static var showsAnswers: Bool { get }
    /// Whether outsiders may see it, once answers are given without what is about few or one: no picture of a heart, no point
    /// a study, no count out of the database.
    static var isForOutsiders: Bool { get }

    /// Gathers; nil where there is nothing to show.
    init?(_ subject: ReportSubject) throws

    var title: String { get }
    var content: HTML { get }
}

/// The content of a page.
package struct ReportPage {
    /// All sections, from top to bottom.
    private static let kinds: [any ReportSection.Type] = [
        ResultsSection.self,
        MeasurementSection.self,
        ChoicesSection.self,
        ModelsSection.self,
        GroupsSection.self,
        CodesSection.self,
        PeopleSection.self,
        ClipsSection.self,
        LearnedSection.self,
        ReconstructionSection.self,
        TrainingSection.self,
        DatasetSection.self,
        DecisionsSection.self,
        MethodSection.self,
    ]

    package let title: String, lead: String
    package let standings: [Standings]
    private let isForOutsiders: Bool
    let sections: [any ReportSection]

    package init(_ subject: ReportSubject) throws { try self.init(subject, keeping: []) }

    /// The page of several runs, of which this is the first's.
    package func comparing(_ standings: [Standings], count: Int) throws -> ReportPage {
        var subject = ReportSubject(title: ReportPage.comparison(of: count), standings)
        subject.lead = lead
        subject.isForOutsiders = isForOutsiders
        return try ReportPage(subject, keeping: sections.filter { !type(of: $0).showsAnswers })
    }

    /// - Parameter kept: sections that are gathered already
    private init(_ subject: ReportSubject, keeping kept: [any ReportSection]) throws {
        (title, lead, standings) = (subject.title, subject.lead, subject.standings)
        isForOutsiders = subject.isForOutsiders
        let kinds = ReportPage.kinds.filter { $0.isForOutsiders || !subject.isForOutsiders }
        sections = try kinds.compactMap { kind in
            try kept.first { type(of: $0) == kind } ?? kind.init(subject)
        }
    }

    /// The title of a page of several runs.
    package static func comparison(of count: Int) -> String { "\(count) runs in comparison" }
}
