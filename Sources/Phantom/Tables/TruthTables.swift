// What is true of the cohort, for tests and for judging a model: never read by the pipeline itself.

import EchoCore

/// The truth files of a synthetic cohort.
struct TruthTables {
    /// Each file's name without `.csv`, and its rows.
    let tables: [(name: String, table: Table)]

    init(cohort: Cohort, hearts: [Anatomy], clips: [WrittenClip], codes: [CodeTruth]) {
        tables = [
            ("truth", Self.clips(clips)), ("truth-studies", Self.studies(cohort, hearts)),
            ("truth-codes", Self.codes(codes)),
        ]
    }

    private static func clips(_ clips: [WrittenClip]) -> Table {
        var table = Table(
            "path", "subject_id", "study_id", "view", "kind", "frames", "frames_per_second", "depth_cm",
            "heart_rate")
        for clip in clips {
            let plan = clip.plan
            table.add(
                plan.path, "\(plan.study.subject)", "\(plan.study.study)", plan.view.rawValue,
                plan.acquisition.kind.rawValue, "\(clip.frames)", decimals(clip.framesPerSecond, 1),
                decimals(clip.depth, 2), decimals(clip.heartRate, 1))
        }
        return table
    }

    private static func studies(_ cohort: Cohort, _ hearts: [Anatomy]) -> Table {
        var table = Table(
            "subject_id", "study_id", "place", "ef_percent", "edv_ml", "esv_ml", "wall_cm",
            "lv_septal_lateral_cm",
            "lv_anterior_inferior_cm", "lv_length_cm", "rv_scale", "ra_scale", "la_a4c_cm", "la_a2c_cm",
            "la_plax_cm", "la_length_cm", "motion_lateral", "motion_septal", "motion_anterior",
            "motion_inferior",
            "effusion_cm", "aortic_calcium", "mitral_regurgitation", "space_lateral_cm", "space_inferior_cm",
            "heart_rate", "atrial_kick", "codes")
        for (study, heart) in zip(cohort.studies, hearts) {
            table.add(
                "\(study.subject)", "\(study.study)", study.place.rawValue,
                decimals(100 * heart.ejectionFraction, 2),
                decimals(heart.endDiastolicVolume, 2), decimals(heart.endSystolicVolume, 2),
                decimals(heart.wall, 3),
                decimals(2 * heart.septalLateralRadius, 3), decimals(2 * heart.anteriorInferiorRadius, 3),
                decimals(heart.length, 3), decimals(heart.rightVentricle, 3), decimals(heart.rightAtrium, 3),
                decimals(2 * heart.atriumFourChamber, 3), decimals(2 * heart.atriumTwoChamber, 3),
                decimals(2 * heart.atriumLongAxis, 3), decimals(2 * heart.atriumLength, 3),
                decimals(heart.wallMotion[0], 3), decimals(heart.wallMotion[1], 3),
                decimals(heart.wallMotion[2], 3),
                decimals(heart.wallMotion[3], 3), decimals(heart.effusion, 3),
                decimals(heart.aorticCalcium, 3), decimals(heart.mitralRegurgitation, 3),
                decimals(heart.outerSpace[0], 3), decimals(heart.outerSpace[1], 3),
                decimals(heart.heartRate, 1), heart.atrialKick ? "1" : "0",
                study.diagnoses.codes.joined(separator: " "))
        }
        return table
    }

    private static func codes(_ codes: [CodeTruth]) -> Table {
        var table = Table(
            "category", "role", "studies", "prevalence", "auroc_best", "auroc_sum", "auroc_plax",
            "auroc_psax",
            "auroc_a4c",
            "auroc_a2c")
        for code in codes {
            let views = code.aurocByView.map { decimals($0, 3) }
            table.add(
                code.category, code.role.rawValue, "\(code.studies)", decimals(code.prevalence, 3),
                decimals(code.auroc, 3), decimals(code.aurocOfSum, 3), views[0], views[1], views[2], views[3])
        }
        return table
    }
}

/// A number with so many decimals, the same in every locale.
func decimals(_ value: Double, _ places: Int) -> String {
    let scale = (0..<places).reduce(1) { product, _ in product * 10 }
    let whole = Int((abs(value) * Double(scale)).rounded())
    let text = places == 0 ? "\(whole)" : "\(whole / scale).\(zeroPadded(whole % scale, places))"
    return value < 0 && whole > 0 ? "-\(text)" : text
}
