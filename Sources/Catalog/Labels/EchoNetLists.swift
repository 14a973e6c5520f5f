// The label source of EchoNet's lists; it stands here because `ingest`, which writes it, knows nothing of other labels.

extension LabelSource {
    /// The ejection fractions of `FileList.csv`.
    package static let echoNetLists = LabelSource(
        echoNet, command: "ingest", reads: ["listed_study"], unit: .study,
        rule: "EF in percent as the list has it, the mean over a study's files; no label where it has none",
        rows: "SELECT 'EF', study_key, ef FROM listed_study WHERE ef IS NOT NULL ORDER BY study_key")
}
