// What a reader measures in a heart and writes into structured-measurement, in numbers and in words.

import EchoCore

/// A row of `structured-measurement` about one study.
struct Finding {
    let name: String, description: String, result: String, unit: String

    /// What a report says of a heart: rounded as readers do, and graded as they do, who do not quite agree.
    ///
    /// - Parameter random: of this study's reader
    static func all(of heart: Anatomy, random: inout SeededRandom) -> [Finding] {
        let wall = max(0.4, heart.wall + 0.03 * random.normal())
        let posterior = max(0.4, heart.wall + 0.03 * random.normal())
        return [
            Finding(
                name: "lvef", description: "Left ventricular ejection fraction",
                result: decimals(100 * heart.ejectionFraction, 0), unit: "%"),
            Finding(
                name: "lv_edv", description: "Left ventricular end-diastolic volume",
                result: decimals(heart.endDiastolicVolume, 0), unit: "mL"),
            Finding(
                name: "lv_esv", description: "Left ventricular end-systolic volume",
                result: decimals(heart.endSystolicVolume, 0), unit: "mL"),
            Finding(
                name: "septal_thickness", description: "Left Ventricle - Septal Wall Thickness",
                result: decimals(wall, 1), unit: "cm"),
            Finding(
                name: "inf_lat_thickness", description: "Left Ventricle - Inferolateral Wall Thickness",
                result: decimals(posterior, 1), unit: "cm"),
            Finding(
                name: "mitral_regurg", description: "Mitral Valve - Regurgitation",
                result: regurgitation(heart.mitralRegurgitation + 0.2 * random.normal(), random: &random),
                unit: ""),
        ]
    }

    /// The words for a severity of 0 to 4; now and then none.
    private static func regurgitation(_ severity: Double, random: inout SeededRandom) -> String {
        if random.uniform() < 0.03 { return "Present, can't qualify" }
        return switch severity {
        case ..<0.5: random.uniform() < 0.5 ? "Physiologic" : "Trivial"
        case ..<1.25: "Mild (1+)"
        case ..<1.75: "Mild-moderate (1-2+)"
        case ..<2.5: "Mod [2+]"
        case ..<3.5: "Moderate-severe (3+)"
        default: "Severe (4+)"
        }
    }
}
