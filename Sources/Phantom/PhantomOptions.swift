// What the user may choose about a synthetic cohort, and what is said when it is written.

import EchoCore

/// How a synthetic cohort is made. The same options give the same bytes, whatever `jobs` is.
package struct PhantomOptions: Sendable {
    /// Which data set it looks like.
    package var layout = PhantomLayout.mimicIVEcho
    /// How many studies.
    package var studies = 20
    /// Frames of a clip.
    package var frames = 32
    /// Rows and columns of a picture.
    package var height = 708, width = 1016
    package var seed: UInt64 = 1
    /// How many clips are rendered at the same time.
    package var jobs = availableProcessors()
    /// A folder of MIMIC-IV's hosp tables, whose subjects and stays the studies are placed in; nil makes them up.
    package var mimicIV: String?
    /// Whether studies hold colour Doppler, M-mode, spectral Doppler and stills besides the B-mode clips.
    package var extras = true
    /// Quality of JPEG as libjpeg counts.
    package var quality = 85

    package init() {}

    func check() throws(EchoError) {
        func need(_ condition: Bool, _ option: String, _ problem: String, _ remedy: String) throws(EchoError)
        {
            if !condition { throw EchoError(option, problem, try: remedy) }
        }
        try need((1...100_000).contains(studies), "--studies", "is \(studies)", "a number from 1 to 100000")
        try need((2...1000).contains(frames), "--frames", "is \(frames)", "a number from 2 to 1000")
        try need(
            (96...4096).contains(height) && (96...4096).contains(width), "--size", "is \(height)x\(width)",
            "rows and columns from 96 to 4096, as 708x1016")
        try need(
            mimicIV == nil || layout == .mimicIVEcho, "--mimic-iv", "goes with no other layout",
            "--layout mimic-iv-echo")
        try need(jobs >= 1, "--jobs", "is \(jobs)", "1 or more")
    }
}

/// What was written.
package struct PhantomSummary: Sendable, Encodable {
    package let folder: String
    package let subjects: Int, studies: Int, clips: Int, frames: Int, bytes: Int
    package let seconds: Double
    /// What each category of codes does to the heart, and how well it could be told at best.
    package let codes: [CodeTruth]

    /// One line a figure, for people.
    package var text: String {
        let figures =
            "\(grouped(studies)) studies of \(grouped(subjects)) subjects, \(grouped(clips)) files, "
            + "\(grouped(frames)) frames, \(grouped(bytes >> 20)) MiB in \(duration(seconds))"
        guard !codes.isEmpty else { return figures + "\nwritten to \(folder)" }
        let lines = [
            figures,
            "codes that the anatomy shows: " + names(.shown),
            "codes that come along with those: " + names(.carried),
            "codes that nothing shows: " + names(.hidden),
            "written to \(folder): mimic-iv-echo/, truth.csv, truth-studies.csv, truth-codes.csv",
        ]
        return lines.joined(separator: "\n")
    }

    private func names(_ role: ConditionRole) -> String {
        codes.filter { $0.role == role }.map(\.category).joined(separator: ",")
    }
}
