// The label source of MIMIC-IV-ECHO's structured measurements: every one that says a number.

import Catalog

extension LabelSource {
    /// The mean of a study's measurements of each name.
    static let echoMeasurements = LabelSource(
        measurements, command: "link-icd", reads: ["structured_measurement", "echo_study"], unit: .study,
        rule: """
            the mean of the numbers that a study's results of that name say; of lvef those from 0 to 100, and up to 1 \
            without a unit they are shares
            """,
        rows: """
            SELECT measurement, study_key, avg(value) FROM (
                SELECT m.measurement, CAST(s.study_id AS TEXT) AS study_key,
                    CASE WHEN m.measurement = 'lvef' AND m.unit IS NULL AND instr(m.result, '%') = 0
                        AND m.value > 0 AND m.value <= 1 THEN round(100 * m.value, 6) ELSE m.value END AS value
                FROM structured_measurement m
                JOIN echo_study s ON s.measurement_id = m.measurement_id
                WHERE m.value IS NOT NULL
            )
            WHERE measurement <> 'lvef' OR value BETWEEN 0 AND 100
            GROUP BY measurement, study_key
            """)
}
