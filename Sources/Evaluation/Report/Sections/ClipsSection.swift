// What the model sees: a few clips, moving.

import EchoCore

/// The section of sample clips.
func clipsSection(_ report: Report) -> PageSection? {
    guard !report.clips.isEmpty else { return nil }
    let hasSource = report.clips.contains { $0.source != nil }
    let items: [HTML] = report.clips.map { clip in
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
    return PageSection(
        anchor: "clips", title: "Clips",
        content: figure(
            "Sample clips", sentence, drawing,
            numbers: PageTable(columns: SampleClip.columns, rows: report.clips.map(\.facts))))
}

/// A strip of frames that a style rule moves past a window of one frame.
private func moving(_ strip: SampleClip.Strip, _ seconds: Double) -> HTML {
    let aspect = Double(strip.width) / Double(strip.height)
    return """
        <div class="clip" style="--aspect:\(aspect, decimals: 4);--frames:\(plain: strip.frames);\
        --seconds:\(max(0.2, seconds), decimals: 2)"><img alt="" src="\(strip.image)"/></div>
        """
}
