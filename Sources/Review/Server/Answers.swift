// What the server answers, as JSON (docs/review.md, "The server").

import Catalog
import EchoCore
import Ingest

/// `GET /api/session`
struct SessionSummary: Sendable, Encodable {
    struct Form: Sendable, Encodable {
        let version: Int
        let sha256: String
        let fields: [Field]
    }

    struct Field: Sendable, Encodable {
        let name: String, title: String
        let unit: ReviewForm.Unit, kind: ReviewForm.Kind
        let key: String?
        let choices: [Choice]

        init(_ field: ReviewForm.Field) {
            name = field.name
            title = field.title ?? field.name
            unit = field.unit
            kind = field.kind
            key = field.key
            choices = (field.choices ?? []).map {
                Choice(value: $0.value, title: $0.title ?? $0.value, key: $0.key)
            }
        }
    }

    struct Choice: Sendable, Encodable {
        let value: String, title: String
        let key: String?
    }

    struct Tiles: Sendable, Encodable { let size: Int, columns: Int, rows: Int }

    /// By what the page knows the reading again: what it keeps of one is sent to no other.
    let reading: String
    let rater: String, role: String
    let round: Int
    let blind: Bool
    let filter: String, queue: String
    let total: Int, decided: Int
    let form: Form
    let run: String?
    let tiles: Tiles
    /// Where to begin.
    let place: Int
    let program: String
}

/// `GET /api/clips`
struct ClipPage: Sendable, Encodable {
    struct Clip: Sendable, Encodable {
        let study: Int
        let name: String
        let kept: Bool
        let reason: String?
        let frames: Int
        let fps: Double?
        let decisions: [String: String]
    }

    let from: Int, total: Int
    let clips: [Clip]
}

/// `GET /api/clip/N/facts`
struct ClipFacts: Sendable, Encodable {
    struct Source: Sendable, Encodable {
        let frames: Int?, height: Int?, width: Int?
        let fps: Double?
        let there: Bool
    }

    let place: Int
    let name: String, study: String
    let kept: Bool
    let kind: String?, reason: String?, detail: String?, rule: String?
    let figures: [ClipFigure]
    let source: Source
    let blind: Bool, revealed: Bool
    /// nil while they are hidden.
    let labels: [ShownLabel]?
    let measurements: [ShownMeasurement]?
    let others: [ReviewStore.Other]?
    let decisions: [String: ReviewStore.Standing]

    init(
        _ row: ClipRecord, place: Int, hasSource: Bool, blind: Bool, revealed: Bool, labels: [ShownLabel]?,
        measurements: [ShownMeasurement]?, others: [ReviewStore.Other]?,
        decisions: [String: ReviewStore.Standing]
    ) {
        self.place = place
        name = row.name
        study = row.studyKey
        kept = row.kept
        kind = row.kind?.rawValue
        reason = row.reason?.rawValue
        detail = row.detail
        rule = row.rule
        figures = ClipFigure.all(of: row)
        source = Source(
            frames: row.sourceFrames, height: row.height, width: row.width, fps: row.framesPerSecond,
            there: hasSource)
        self.blind = blind
        self.revealed = revealed
        self.labels = labels
        self.measurements = measurements
        self.others = others
        self.decisions = decisions
    }
}

/// `GET /api/filter`: which places are wanted.
struct PlaceFilter: Sendable {
    enum State: String, Sendable { case all, undecided, decided, excluded }

    var state = State.all
    var kept: Bool?
    /// A field that was given that value.
    var field: String?, value: String?
    /// Part of a name, or a reason for which clips are dropped.
    var text: String?
    /// Over `v_study`.
    var expression: String?
}

struct Places: Sendable, Encodable { let places: [Int] }
struct NextPlace: Sendable, Encodable { let place: Int? }

/// `POST /api/decisions`
struct StoredDecisions: Sendable, Encodable {
    struct Stored: Sendable, Encodable {
        let request: String
        let id: Int64
    }

    let decisions: [Stored]
    let decided: Int
}

/// `POST /api/undo`, `POST /api/redo`
struct ChangedPlaces: Sendable, Encodable {
    struct Change: Sendable, Encodable {
        /// nil where the clip is not in this reading.
        let place: Int?
        let field: String
        /// What holds now; nil for nothing.
        let value: String?
    }

    /// The first of the changes.
    let place: Int?
    let field: String
    let value: String?
    let decisions: [Change]
    let decided: Int

    init(_ changes: [Change], decided: Int) {
        place = changes[0].place
        field = changes[0].field
        value = changes[0].value
        decisions = changes
        self.decided = decided
    }
}
