// One rater at work: what the page asks for, and what it writes down.

import Catalog
import EchoCore
import Foundation

/// The state of one reading while the page is open.
///
/// What is decided lies in `store`; this holds the same in memory, to answer at once.
actor ReviewSession {
    nonisolated let catalog: Catalog
    nonisolated let queue: ReviewQueue
    nonisolated let pixels: ClipPixels
    nonisolated let form: ReviewForm
    nonisolated let reading: Reading
    nonisolated let model: ReviewModel?
    private let store: ReviewStore
    private var standing: [ReviewForm.Unit: [String: [String: ReviewStore.Standing]]]
    private var revealed: Set<String>
    private var decided: Set<Int> = []

    init(
        catalog: Catalog, store: ReviewStore, form: ReviewForm, reading: Reading, queue: ReviewQueue,
        model: ReviewModel?
    ) throws {
        self.catalog = catalog
        self.store = store
        self.form = form
        self.reading = reading
        self.queue = queue
        self.model = model
        pixels = try ClipPixels(catalog)
        standing = try store.standing(reading, isThere: queue.has)
        revealed = try store.revealed(reading)
        decided = Set((standing[.clip] ?? [:]).keys.compactMap { queue.places[$0] })
    }

    private var isBlind: Bool { reading.options.isBlind }

    /// Whether a clip's labels are hidden now.
    private func isHidden(_ place: Int) -> Bool { isBlind && !revealed.contains(queue.clips[place].study) }

    private func values(of place: Int) -> [String: String] {
        let clip = queue.clips[place]
        let own = (standing[.clip]?[clip.name] ?? [:]).mapValues(\.value)
        return own.merging((standing[.study]?[clip.study] ?? [:]).mapValues(\.value)) { own, _ in own }
    }

    // What is asked for

    var summary: SessionSummary {
        SessionSummary(
            reading: reading.request,
            rater: reading.options.rater, role: reading.options.role.rawValue, round: reading.options.round,
            blind: isBlind, filter: reading.options.filter ?? "", queue: reading.options.queue.rawValue,
            total: queue.clips.count, decided: decided.count,
            form: .init(version: 1, sha256: form.sha256, fields: form.fields.map(SessionSummary.Field.init)),
            run: model?.name,
            tiles: .init(
                size: ClipPixels.tileSide, columns: ClipPixels.sheetColumns, rows: ClipPixels.sheetColumns),
            place: nextUndecided(from: -1, step: 1) ?? 0, program: "echoprep \(fullProgramVersion)")
    }

    func clips(from first: Int, count: Int) -> ClipPage {
        let first = min(max(0, first), queue.clips.count)
        let places = first..<min(queue.clips.count, first + count)
        return ClipPage(
            from: first, total: queue.clips.count,
            clips: places.map { place in
                let clip = queue.clips[place]
                return ClipPage.Clip(
                    study: queue.studies[place], name: clip.name, kept: clip.kept,
                    reason: clip.reason?.rawValue, frames: clip.kept ? clip.frames : 0,
                    fps: clip.framesPerSecond, decisions: values(of: place))
            })
    }

    func facts(of place: Int) throws(EchoError) -> ClipFacts {
        let clip = queue.clips[place]
        guard let row = try catalog.clip(clip.name) else {
            throw EchoError("clip", "is not in the dataset any more", try: "start echoprep review again")
        }
        let hidden = isHidden(place)
        return ClipFacts(
            row, place: place, hasSource: pixels.hasSource(row), blind: hidden,
            revealed: revealed.contains(clip.study),
            labels: hidden ? nil : try catalog.shownLabels(of: clip),
            measurements: hidden ? nil : try catalog.shownMeasurements(of: clip),
            others: hidden ? nil : try store.others(reading, clip: clip.name, study: clip.study),
            decisions: (standing[.clip]?[clip.name] ?? [:]).merging(
                standing[.study]?[clip.study] ?? [:]
            ) { own, _ in own })
    }

    /// Whether a study's predictions may be shown.
    func mayPredict(_ place: Int) -> Bool { !isHidden(place) }

    func nextUndecided(from place: Int, step: Int) -> Int? {
        var at = place + step
        while queue.clips.indices.contains(at) {
            if !decided.contains(at) { return at }
            at += step
        }
        return nil
    }

    /// The places that a filter lets through.
    func places(_ filter: PlaceFilter) throws(EchoError) -> [Int] {
        var studies: Set<String>?
        if let expression = filter.expression {
            guard !isBlind else {
                throw EchoError(
                    "where", "would tell of labels in a blinded reading", try: "choose by what was decided")
            }
            let chosen = try Catalog(datasetFolder: catalog.folder, where: expression)
            studies = try Set(chosen.studyKeysOfCohort())
        }
        return queue.clips.indices.filter { place in
            let clip = queue.clips[place]
            if let studies, !studies.contains(clip.study) { return false }
            if let kept = filter.kept, kept != clip.kept { return false }
            if let text = filter.text, !clip.name.localizedStandardContains(text),
                clip.reason?.rawValue != text
            {
                return false
            }
            let isDecided = decided.contains(place)
            switch filter.state {
            case .all: break
            case .undecided: if isDecided { return false }
            case .decided: if !isDecided { return false }
            case .excluded: if values(of: place)["clip"] != "exclude" { return false }
            }
            if let field = filter.field { return values(of: place)[field] == filter.value }
            return true
        }
    }

    // What is written down

    func decide(_ requests: [DecisionRequest]) throws(EchoError) -> [Decision] {
        var new: [NewDecision] = []
        for request in requests {
            guard queue.clips.indices.contains(request.place), let field = form.field(request.field) else {
                throw EchoError("decision", "names a clip or a field that is not there")
            }
            guard request.request.utf8.count <= 100, (request.note ?? "").utf8.count <= ReviewForm.mostText,
                request.seconds.map({ $0.isFinite && $0 >= 0 }) ?? true
            else { throw EchoError("decision", "is larger than decisions are") }
            let clip = queue.clips[request.place]
            var value: String?
            if let given = request.value, !given.isEmpty { value = try field.checked(given) }
            new.append(
                NewDecision(
                    request: request.request, unit: field.unit,
                    item: field.unit == .clip ? clip.name : clip.study, study: clip.study,
                    sha256: field.unit == .clip ? clip.sha256 : nil, field: field.name, value: value,
                    note: request.note, seconds: request.seconds))
        }
        let stored = try store.add(new, reading)
        // A second try is answered with the row of the first, which may not be the last word.
        try refresh(stored.map { ($0.unit, $0.item) })
        return stored
    }

    func undo(request: String, count: Int) throws(EchoError) -> ChangedPlaces? {
        try changed(store.undo(request: request, count: count, reading))
    }

    func redo(request: String, count: Int) throws(EchoError) -> ChangedPlaces? {
        try changed(store.redo(request: request, count: count, reading))
    }

    private func changed(_ changes: [Change]) throws(EchoError) -> ChangedPlaces? {
        guard !changes.isEmpty else { return nil }
        try refresh(changes.map { ($0.unit, $0.item) })
        let places = changes.map { change in
            let place =
                change.unit == .clip
                ? queue.places[change.item] : queue.clips.firstIndex { $0.study == change.item }
            return ChangedPlaces.Change(
                place: place, field: change.field,
                value: standing[change.unit]?[change.item]?[change.field]?.value)
        }
        return ChangedPlaces(places, decided: decided.count)
    }

    func reveal(_ place: Int, request: String) throws(EchoError) {
        guard request.utf8.count <= 100 else { throw EchoError("reveal", "is larger than requests are") }
        let study = queue.clips[place].study
        try store.reveal(study, request: request, reading)
        revealed.insert(study)
    }

    var decidedCount: Int { decided.count }

    func agreement() throws(EchoError) -> AgreementSummary {
        guard !isBlind else {
            throw EchoError("agreement", "is hidden in a blinded reading", try: "echoprep review agreement")
        }
        return try AgreementSummary(store, subjects: catalog.subjectsOfClips(), samples: 200)
    }

    private func refresh(_ items: [(ReviewForm.Unit, String)]) throws(EchoError) {
        for (unit, item) in items {
            let found = try store.standing(reading, of: (unit, item), isThere: queue.has)[unit]?[item]
            standing[unit, default: [:]][item] = found
            if unit == .clip, let place = queue.places[item] {
                if found == nil { decided.remove(place) } else { decided.insert(place) }
            }
        }
    }
}
