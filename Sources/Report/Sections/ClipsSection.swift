// What the model sees: a few clips, moving.

import EchoCore

/// The section of sample clips.
struct ClipsSection: ReportSection {
    static let anchor: StaticString = "clips"
    static let showsAnswers = false
    static let isForOutsiders = false
    let title = "Clips"
    private let clips: [SampleClip]

    init?(_ subject: ReportSubject) throws {
        clips = try subject.catalog.map { try SampleClip.samples($0, subject.clips) } ?? []
        if clips.isEmpty { return nil }
    }

    var content: HTML {
        let hasSource = clips.contains { $0.source != nil }
        let items: [HTML] = clips.map { clip in
            let source = clip.source.map { moving($0, clip.seconds) } ?? HTML()
            return """
                <div><div class="pair">\(source)\(moving(clip.cropped, clip.seconds))</div><p>\(clip.caption)</p></div>

                """
        }
        let sentence: HTML =
            hasSource
            ? "Left as the file shows it, right what the model sees: inside the sector, cropped and resized."
            : "What the model sees: inside the sector, cropped and resized."
        let drawing: HTML = """
            <label class="toggle"><input type="checkbox" checked="checked"/>play</label>
            <div class="clips\(hasSource ? HTML() : " cropped")">
            \(items)</div>
            """
        return figure(
            "Sample clips", sentence, drawing,
            numbers: PageTable(columns: SampleClip.columns, rows: clips.map(\.facts)))
    }
}

/// A strip of frames that a style rule moves past a window of one frame.
private func moving(_ strip: SampleClip.Strip, _ seconds: Double) -> HTML {
    let aspect = Double(strip.width) / Double(strip.height)
    return """
        <div class="clip" style="--aspect:\(aspect, decimals: 4);--frames:\(plain: strip.frames);\
        --seconds:\(max(0.2, seconds), decimals: 2)"><img alt="" src="\(strip.image)"/></div>
        """
}

/// A clip that moves on the page: frames side by side in one picture.
struct SampleClip: Sendable {
    struct Strip: Sendable {
        let image: EncodedImage
        let frames: Int
        /// Of one frame.
        let width: Int, height: Int
    }

    /// What may be said of it: never an id unless the user asked.
    let caption: String
    let cropped: Strip
    /// The clip as its file shows it, where the user asked for it.
    let source: Strip?
    /// How long the frames shown last in the body.
    let seconds: Double
    let facts: [String]

    /// The columns of `facts`.
    static let columns: [PageTable.Column] = [
        .text("Clip"), .number("Frames"), .number("Frames a second"), .text("Source, rows × columns"),
        .text("Crop: top, left, height, width"), .number("Sector, % of the picture"),
    ]
}
