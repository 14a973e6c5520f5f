// The label source of MIMIC-IV-ECHO's structured measurements: every one that says a number or a grade.

import Catalog

extension LabelSource {
    /// The mean of a study's measurements of each name.
    static let echoMeasurements = LabelSource(
        measurements, command: "link-icd", reads: ["structured_measurement", "echo_study"], unit: .study,
        rule: """
            the mean of what a study's results of that name say, a plausible number or a grade (schemas/measurements.tsv); \
            of transthoracic tests only, unless --test-types asks for others
            """,
        rows: """
            SELECT m.measurement, CAST(s.study_id AS TEXT) AS study_key, avg(m.value)
            FROM structured_measurement m
            JOIN echo_study s ON s.measurement_id = m.measurement_id
            CROSS JOIN (
                SELECT coalesce((SELECT value FROM v_rule WHERE key = 'test-types'), 'tte') AS wanted
            ) t
            WHERE m.value IS NOT NULL AND (
                m.test_type IS NULL OR t.wanted = 'all'
                OR instr(',' || t.wanted || ',', ',' || lower(m.test_type) || ',') > 0)
            GROUP BY m.measurement, study_key
            """)
}
