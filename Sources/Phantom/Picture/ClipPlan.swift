// What is to be acquired in a study: which views, in what order, with which extras.

import EchoCore

/// What a synthetic file shows.
enum Acquisition: Sendable, Equatable {
    case bmode, colour, still, mMode, pulsedWave, continuousWave

    /// The kind that ingest must find.
    var kind: ClipKind {
        switch self {
        case .bmode: .bmode
        case .colour: .doppler
        case .still: .still
        case .mMode: .mMode
        case .pulsedWave, .continuousWave: .spectral
        }
    }

    /// ImageType's value 4, as hexadecimal digits.
    var imageTypeFlags: String {
        switch self {
        case .bmode, .still: "0001"
        case .colour: "0011"
        case .mMode: "0003"
        case .pulsedWave: "0009"
        case .continuousWave: "0005"
        }
    }
}

/// One file of a study before it is rendered.
struct ClipPlan: Sendable {
    let study: SyntheticStudy
    /// Counted from 1 in the study; the file's number.
    let number: Int
    let view: View
    let acquisition: Acquisition
    let time: Timestamp

    /// files/pNN/pSUBJECT/sSTUDY/STUDY_NNNN.dcm
    var path: String { "\(study.folder)/\(study.study)_\(zeroPadded(number, 4)).dcm" }

    /// The files of a study.
    static func all(for study: SyntheticStudy, extras: Bool, seed: UInt64) -> [ClipPlan] {
        var random = SeededRandom(seed: seed, "plan", study.study)
        var shots: [(View, Acquisition)] = []
        let core: [(view: View, again: Double)] = [
            (.parasternalLongAxis, 0.3), (.parasternalShortAxis, 0.2), (.apicalFourChamber, 0.3),
            (.apicalTwoChamber, 0.15),
        ]
        for (view, again) in core where random.uniform() > 0.04 {
            shots.append((view, .bmode))
            if random.uniform() < again { shots.append((view, .bmode)) }
        }
        if shots.isEmpty { shots.append((.apicalFourChamber, .bmode)) }
        if random.uniform() < 0.15 { shots.append((.apicalThreeChamber, .bmode)) }
        if extras {
            let coloured: [View] = [.apicalFourChamber, .parasternalLongAxis]
            for view in coloured.prefix(random.uniform() < 0.4 ? 2 : 1) {
                shots.insert((view, .colour), at: random.below(shots.count + 1))
            }
            let traces: [(View, Acquisition)] = [
                (.parasternalLongAxis, .mMode), (.apicalFourChamber, .pulsedWave),
                (.apicalFourChamber, .continuousWave),
            ]
            shots.append(traces[random.below(3)])
            let views = View.allCases
            shots.insert((views[random.below(views.count)], .still), at: random.below(shots.count + 1))
        }
        return shots.enumerated().map { index, shot in
            ClipPlan(
                study: study, number: index + 1, view: shot.0, acquisition: shot.1,
                time: Timestamp(seconds: study.time.seconds + 20 + 38 * index + random.below(17)))
        }
    }
}
