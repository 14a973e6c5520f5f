// The label source of link-icd: every target of every labelled study, out of the categories of its stay.

import Catalog

extension LabelSource {
    /// 1 or 0 for each target of each labelled study.
    static let mimicICD = LabelSource(
        linkICD, command: "link-icd", reads: ["target", "study_status", "study_category"], unit: .study,
        rule: "1 where a labelled study has the category, else 0; a study that is not labelled has no label",
        rows: """
            SELECT t.category, CAST(st.study_id AS TEXT), EXISTS (
                SELECT 1 FROM study_category c WHERE c.study_id = st.study_id AND c.category = t.category)
            FROM (SELECT category FROM target ORDER BY category) t
            CROSS JOIN study_status st
            WHERE st.status = 'labelled'
            """)
}
