// A page: what it is about, and the sections that gather from that what they show.

import Catalog
import Compute
import EchoCore
import Tasks
import Runs

/// What a page is about. What is nil or empty has no place on it.
struct ReportSubject {
    var title: String
    /// Who was judged, in a sentence.
    var lead = ""
    /// What was answered, an entry for each kind of answers.
    var standings: [Standings]
    /// An experiment's table, and the differences that it is about.
    var results: (table: ResultTable, differences: [Comparison], kind: AnswerKind)?
    /// What is drawn code by code where models are compared; nil for the main measure.
    var measure: Measure?
    var catalog: Catalog?
    /// Which clips of the dataset are shown.
    var clips = ClipChoice()
    /// The one model whose settings, attention and map are shown, and on which split.
    var trained: TrainedModel?
    var split = Split.test
    /// Folders of the runs whose training is told, in their order.
    var runs: [String] = []
    /// Pre-trained runs that fill in studies of the split, where those lie, and where it is computed.
    var pretrained: (runs: [String], dataset: String, place: Place)?

    init(title: String, _ standings: [Standings]) {
        self.title = title
        self.standings = standings
    }

    /// The runs of a page that compares none.
    var single: [ScoredRun] { standings.filter(\.isSingle).map { $0.runs[0] } }
}

/// A section of the page: it gathers what it shows, then draws it.
protocol ReportSection: SendableMetatype {
    /// A word of this source, which the page's list of contents links to.
    static var anchor: StaticString { get }
    /// Whether it shows answers; else it shows the dataset or the first run, and stays where other runs stand beside.
    static var showsAnswers: Bool { get }

    /// Gathers; nil where there is nothing to show.
    init?(_ subject: ReportSubject) throws

    var title: String { get }
    var content: HTML { get }
}

/// The content of a page.
struct Report {
    /// All sections, from top to bottom.
    private static let kinds: [any ReportSection.Type] = [
        ResultsSection.self,
        MeasurementSection.self,
        ModelsSection.self,
        GroupsSection.self,
        CodesSection.self,
        ClipsSection.self,
        LearnedSection.self,
        ReconstructionSection.self,
        TrainingSection.self,
        DatasetSection.self,
        DecisionsSection.self,
        MethodSection.self,
    ]

    let title: String, lead: String
    let standings: [Standings]
    let sections: [any ReportSection]

    init(_ subject: ReportSubject) throws { try self.init(subject, keeping: []) }

    /// The page of several runs, of which this is the first's.
    func comparing(_ standings: [Standings], count: Int) throws -> Report {
        var subject = ReportSubject(title: Report.comparison(of: count), standings)
        subject.lead = lead
        return try Report(subject, keeping: sections.filter { !type(of: $0).showsAnswers })
    }

    /// - Parameter kept: sections that are gathered already
    private init(_ subject: ReportSubject, keeping kept: [any ReportSection]) throws {
        (title, lead, standings) = (subject.title, subject.lead, subject.standings)
        sections = try Report.kinds.compactMap { kind in
            try kept.first { type(of: $0) == kind } ?? kind.init(subject)
        }
    }

    /// The title of a page of several runs.
    static func comparison(of count: Int) -> String { "\(count) runs in comparison" }
}
