// The diagnoses of the synthetic cohort: what they are called, how common they are, and whether a picture shows them.

/// What a category of codes has to do with the pictures.
package enum ConditionRole: String, Sendable, Codable {
    /// It changes the heart's shape or motion.
    case shown
    /// It changes nothing itself, but comes along with categories that do.
    case carried
    /// It has nothing to do with the pictures.
    case hidden
}

/// A category of ICD-10-CM as subjects of an echocardiography laboratory have it.
struct Condition: Sendable {
    let category: String
    let role: ConditionRole
    /// Share of subjects, for categories that depend on no other; see `Diagnoses`.
    let prevalence: Double
    /// Full codes with their titles, the more common first; a subject keeps its own.
    let codes: [(code: String, title: String)]
    /// The code that a stay from before October 2015 has.
    let before2015: (code: String, title: String)?

    private init(
        _ category: String, _ role: ConditionRole, _ prevalence: Double, _ codes: [(String, String)],
        _ before2015: (String, String)? = nil
    ) {
        self.category = category
        self.role = role
        self.prevalence = prevalence
        self.codes = codes.map { (code: $0.0, title: $0.1) }
        self.before2015 = before2015.map { (code: $0.0, title: $0.1) }
    }

    /// All of them, in the order of their codes.
    static let all: [Condition] = [
        Condition("D62", .hidden, 0.14, [("D62", "Acute posthemorrhagic anemia")]),
        Condition("D64", .hidden, 0.20, [("D649", "Anemia, unspecified")], ("2859", "Anemia, unspecified")),
        Condition("D69", .hidden, 0.13, [("D696", "Thrombocytopenia, unspecified")]),
        Condition("E03", .hidden, 0.15, [("E039", "Hypothyroidism, unspecified")]),
        Condition(
            "E11", .carried, 0.33,
            [
                ("E119", "Type 2 diabetes mellitus without complications"),
                ("E1122", "Type 2 diabetes mellitus with diabetic chronic kidney disease"),
                ("E1165", "Type 2 diabetes mellitus with hyperglycemia"),
            ], ("25000", "Diabetes mellitus without mention of complication, type II or unspecified type")),
        Condition(
            "E66", .shown, 0.20,
            [("E669", "Obesity, unspecified"), ("E6601", "Morbid (severe) obesity due to excess calories")]),
        Condition(
            "E78", .carried, 0.52,
            [("E785", "Hyperlipidemia, unspecified"), ("E7800", "Pure hypercholesterolemia, unspecified")],
            ("2724", "Other and unspecified hyperlipidemia")),
        Condition(
            "E87", .carried, 0.25,
            [("E871", "Hypo-osmolality and hyponatremia"), ("E872", "Acidosis"), ("E875", "Hyperkalemia")]),
        Condition(
            "F17", .hidden, 0.16, [("F17210", "Nicotine dependence, cigarettes, uncomplicated")]),
        Condition(
            "F32", .hidden, 0.22,
            [
                ("F329", "Major depressive disorder, single episode, unspecified"),
                ("F32A", "Depression, unspecified"),
            ], ("311", "Depressive disorder, not elsewhere classified")),
        Condition("F41", .hidden, 0.18, [("F419", "Anxiety disorder, unspecified")]),
        Condition("G47", .hidden, 0.20, [("G4733", "Obstructive sleep apnea (adult) (pediatric)")]),
        Condition(
            "I10", .carried, 0, [("I10", "Essential (primary) hypertension")],
            ("4019", "Unspecified essential hypertension")),
        Condition(
            "I11", .shown, 0,
            [
                ("I110", "Hypertensive heart disease with heart failure"),
                ("I119", "Hypertensive heart disease without heart failure"),
            ]),
        Condition(
            "I12", .carried, 0,
            [
                (
                    "I129",
                    "Hypertensive chronic kidney disease with stage 1 through stage 4 chronic kidney disease, or "
                        + "unspecified chronic kidney disease"
                )
            ]),
        Condition(
            "I13", .shown, 0,
            [
                (
                    "I130",
                    "Hypertensive heart and chronic kidney disease with heart failure and stage 1 through stage 4 "
                        + "chronic kidney disease, or unspecified chronic kidney disease"
                ),
                (
                    "I132",
                    "Hypertensive heart and chronic kidney disease with heart failure and with stage 5 chronic "
                        + "kidney disease, or end stage renal disease"
                ),
            ]),
        Condition(
            "I25", .shown, 0.36,
            [
                (
                    "I2510",
                    "Atherosclerotic heart disease of native coronary artery without angina pectoris"
                ), ("I252", "Old myocardial infarction"), ("I255", "Ischemic cardiomyopathy"),
            ], ("41401", "Coronary atherosclerosis of native coronary artery")),
        Condition(
            "I27", .shown, 0,
            [
                ("I2720", "Pulmonary hypertension, unspecified"),
                ("I272", "Other secondary pulmonary hypertension"),
                ("I2781", "Cor pulmonale (chronic)"),
            ]),
        Condition(
            "I31", .shown, 0.16,
            [
                ("I313", "Pericardial effusion (noninflammatory)"),
                ("I3139", "Other pericardial effusion (noninflammatory)"),
            ]
        ),
        Condition(
            "I34", .hidden, 0.32,
            [
                ("I340", "Nonrheumatic mitral (valve) insufficiency"),
                ("I348", "Other nonrheumatic mitral valve disorders"),
            ], ("4240", "Mitral valve disorders")),
        Condition(
            "I35", .shown, 0.20,
            [
                ("I350", "Nonrheumatic aortic (valve) stenosis"),
                ("I352", "Nonrheumatic aortic (valve) stenosis with insufficiency"),
            ], ("4241", "Aortic valve disorders")),
        Condition(
            "I48", .shown, 0.34,
            [
                ("I4891", "Unspecified atrial fibrillation"), ("I482", "Chronic atrial fibrillation"),
                ("I480", "Paroxysmal atrial fibrillation"), ("I4819", "Other persistent atrial fibrillation"),
            ], ("42731", "Atrial fibrillation")),
        Condition(
            "I50", .shown, 0.46,
            [
                ("I5022", "Chronic systolic (congestive) heart failure"),
                ("I5023", "Acute on chronic systolic (congestive) heart failure"),
                ("I5032", "Chronic diastolic (congestive) heart failure"),
                ("I509", "Heart failure, unspecified"),
                (
                    "I5043",
                    "Acute on chronic combined systolic (congestive) and diastolic (congestive) heart failure"
                ), ("I5033", "Acute on chronic diastolic (congestive) heart failure"),
            ], ("4280", "Congestive heart failure, unspecified")),
        Condition("J18", .hidden, 0.12, [("J189", "Pneumonia, unspecified organism")]),
        Condition(
            "J44", .hidden, 0.18,
            [
                ("J449", "Chronic obstructive pulmonary disease, unspecified"),
                ("J441", "Chronic obstructive pulmonary disease with (acute) exacerbation"),
            ]),
        Condition(
            "J90", .shown, 0.38, [("J90", "Pleural effusion, not elsewhere classified")],
            ("5119", "Unspecified pleural effusion")),
        Condition("J96", .carried, 0.12, [("J9601", "Acute respiratory failure with hypoxia")]),
        Condition(
            "K21", .hidden, 0.30,
            [
                ("K219", "Gastro-esophageal reflux disease without esophagitis"),
                ("K2190", "Gastro-esophageal reflux disease, not otherwise classified"),
            ], ("53081", "Esophageal reflux")),
        Condition("K59", .hidden, 0.15, [("K5900", "Constipation, unspecified")]),
        Condition("M10", .hidden, 0.12, [("M109", "Gout, unspecified")]),
        Condition("N17", .carried, 0.20, [("N179", "Acute kidney failure, unspecified")]),
        Condition(
            "N18", .carried, 0.26,
            [
                ("N183", "Chronic kidney disease, stage 3 (moderate)"),
                ("N189", "Chronic kidney disease, unspecified"), ("N186", "End stage renal disease"),
            ], ("5859", "Chronic kidney disease, unspecified")),
        Condition("N39", .hidden, 0.14, [("N390", "Urinary tract infection, site not specified")]),
        Condition("R65", .hidden, 0.10, [("R6520", "Severe sepsis without septic shock")]),
        Condition(
            "T83", .hidden, 0.03,
            [
                (
                    "T8351XA",
                    "Infection and inflammatory reaction due to indwelling urinary catheter, initial encounter"
                )
            ]),
        Condition(
            "Y92", .hidden, 0.35,
            [
                ("Y92230", "Patient room in hospital as the place of occurrence of the external cause"),
                ("Y92239", "Unspecified place in hospital as the place of occurrence of the external cause"),
            ]),
        Condition("Z66", .hidden, 0.14, [("Z66", "Do not resuscitate")]),
        Condition(
            "Z79", .carried, 0.40,
            [
                ("Z7901", "Long term (current) use of anticoagulants"),
                ("Z794", "Long term (current) use of insulin"),
                ("Z7982", "Long term (current) use of aspirin"),
            ]),
        Condition(
            "Z86", .hidden, 0.22,
            [
                (
                    "Z8673",
                    "Personal history of transient ischemic attack (TIA), and cerebral infarction without residual deficits"
                )
            ]
        ),
        Condition("Z87", .hidden, 0.40, [("Z87891", "Personal history of nicotine dependence")]),
        Condition(
            "Z95", .carried, 0.08,
            [
                ("Z951", "Presence of aortocoronary bypass graft"), ("Z950", "Presence of cardiac pacemaker"),
                ("Z955", "Presence of coronary angioplasty implant and graft"),
            ]),
    ]

    static let byCategory = Dictionary(uniqueKeysWithValues: all.map { ($0.category, $0) })
}
