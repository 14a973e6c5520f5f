// The label source of MIMIC-IV-ECHO's structured measurements: every one that says a number.

import Catalog

extension LabelSource {
    /// The mean of a study's measurements of each name.
    static let echoMeasurements = LabelSource(
        measurements, command: "link-icd", reads: ["structured_measurement", "echo_study"], unit: .study,
        rule: "the mean of the numbers that a study's results of that name say; of lvef those from 0 to 100",
        rows: """
            SELECT m.measurement, CAST(s.study_id AS TEXT) AS study_key, avg(m.value)
            FROM structured_measurement m
            JOIN echo_study s ON s.measurement_id = m.measurement_id
            WHERE m.value IS NOT NULL AND (m.measurement <> 'lvef' OR m.value BETWEEN 0 AND 100)
            GROUP BY m.measurement, study_key
            """)
}
