// Look-alikes of EchoNet-Dynamic and EchoNet-Pediatric: small gray AVI files, and lists with the ejection fraction.

import EchoCore
import Files
import Foundation
import Video

/// A subject of an EchoNet look-alike.
private struct EchoNetSubject {
    let heart: Anatomy
    /// The files' names without extension, by view.
    let files: [(view: View, name: String)]
    let seed: Int
}

/// Writes an EchoNet look-alike into `folder` and says what was written.
func writeEchoNet(to folder: String, options: PhantomOptions) throws -> PhantomSummary {
    let start = ContinuousClock.now
    let root = "\(folder)/\(options.layout.rawValue)"
    let subjects = (0..<options.studies).map { subject($0, options: options) }
    let work = subjects.flatMap { subject in subject.files.map { (subject, $0.view, $0.name) } }
    for (view, _) in options.layout.views {
        try makeFolder("\(root)/\(options.layout.folder(view))Videos")
    }
    // The fan fills the picture's height and is cut at its sides; four times as fine, then averaged.
    let sector = Sector(
        height: 4 * options.height, width: 4 * options.width, halfAngle: 0.78, fillsHeight: true)
    let rate = min(50, max(10, options.frames))
    let progress = Progress("phantom", total: work.count, unit: "files")
    var bytes = 0
    try produceInOrder(work.count, workers: options.jobs, window: 2 * options.jobs) { index in
        try Interruption.check()
        let (subject, view, name) = work[index]
        let clip = render(subject, view, sector: sector, rate: rate, options: options)
        let file = try VideoEncoder(.avi, framesPerSecond: rate).encode(clip)
        try writeFile("\(root)/\(options.layout.folder(view))Videos/\(name).avi", file)
        return file.count
    } consume: { index, count in
        bytes += count
        progress.update(index + 1)
    }
    progress.finish(work.count)
    switch options.layout {
    case .echonetPediatric:
        for (view, _) in options.layout.views {
            let table = pediatricList(subjects, view, seed: options.seed)
            try writeFile("\(root)/\(options.layout.folder(view))FileList.csv", Array(table.text.utf8))
        }
    default:
        let table = dynamicList(subjects, rate: rate, options: options)
        try writeFile("\(root)/FileList.csv", Array(table.text.utf8))
    }
    return PhantomSummary(
        folder: folder, subjects: subjects.count, studies: subjects.count, clips: work.count,
        frames: work.count * options.frames, bytes: bytes, seconds: (.now - start) / .seconds(1), codes: [])
}

/// A heart with the diagnoses of an echocardiography laboratory, and the names of its files.
private func subject(_ index: Int, options: PhantomOptions) -> EchoNetSubject {
    var random = SeededRandom(seed: options.seed, options.layout, index)
    let heart = Anatomy(
        Diagnoses(random: &random),
        subject: SeededRandom(seed: options.seed, options.layout, "subject", index),
        study: SeededRandom(seed: options.seed, options.layout, "study", index))
    if options.layout == .echonetDynamic {
        let name = "0X" + zeroPadded(random.next(), 16, radix: 16, uppercase: true)
        return EchoNetSubject(heart: heart, files: [(.apicalFourChamber, name)], seed: index)
    }
    // The number is unique because it counts; the first part is the patient, as in the real names.
    let patient = "CR32a" + String(0x10000 + index, radix: 16)
    var files: [(view: View, name: String)] = []
    for (view, chance) in options.layout.views where random.uniform() < chance {
        files.append(
            (
                view,
                "\(patient)-CR32a\(zeroPadded(random.below(100_000), 5))-\(zeroPadded(random.below(90), 6))"
            ))
    }
    if files.isEmpty { files.append((.apicalFourChamber, "\(patient)-CR32a00000-000000")) }
    return EchoNetSubject(heart: heart, files: files, seed: index)
}

/// One gray clip.
private func render(
    _ subject: EchoNetSubject, _ view: View, sector: Sector, rate: Int, options: PhantomOptions
) -> Clip {
    var random = SeededRandom(seed: options.seed, options.layout, "clip", subject.seed, view.rawValue)
    var plane = ViewPlane(view, of: subject.heart)
    plane.jitter(&random)
    let rhythm = Rhythm(of: subject.heart, seconds: Double(options.frames) / Double(rate), random: &random)
    let scanner = Scanner(
        heart: subject.heart, plane: plane, view: view, halfAngle: sector.halfAngle, random: &random)
    var polar = [UInt8](repeating: 0, count: Sector.beams * Sector.samples)
    var picture = [UInt8](repeating: 0, count: sector.height * sector.width)
    var luma: [UInt8] = []
    luma.reserveCapacity(options.frames * options.height * options.width)
    for frame in 0..<options.frames {
        let time = Double(frame) / Double(rate)
        scanner.render(rhythm.moment(at: time), time: time, into: &polar, random: &random)
        sector.convert(polar, into: &picture)
        for row in 0..<options.height {
            for column in 0..<options.width {
                var sum = 0
                for y in 0..<4 {
                    let place = (4 * row + y) * sector.width + 4 * column
                    for x in 0..<4 { sum += Int(picture[place + x]) }
                }
                luma.append(UInt8((sum + 8) / 16))
            }
        }
    }
    return Clip(frames: options.frames, height: options.height, width: options.width, luma: luma, chroma: nil)
}

/// FileList.csv of EchoNet-Dynamic.
private func dynamicList(_ subjects: [EchoNetSubject], rate: Int, options: PhantomOptions) -> Table {
    var table = Table(
        "FileName", "EF", "ESV", "EDV", "FrameHeight", "FrameWidth", "FPS", "NumberOfFrames", "Split")
    for subject in subjects {
        var random = SeededRandom(seed: options.seed, options.layout, "split", subject.seed)
        let part = random.uniform()
        table.add(
            subject.files[0].name, decimals(100 * subject.heart.ejectionFraction, 6),
            decimals(subject.heart.endSystolicVolume, 6), decimals(subject.heart.endDiastolicVolume, 6),
            "\(options.height)", "\(options.width)", "\(rate)", "\(options.frames)",
            part < 0.745 ? "TRAIN" : part < 0.873 ? "VAL" : "TEST")
    }
    return table
}

/// A view's FileList.csv of EchoNet-Pediatric; the split is one of ten folds, the same for both views.
private func pediatricList(_ subjects: [EchoNetSubject], _ view: View, seed: UInt64) -> Table {
    var table = Table("FileName", "EF", "Sex", "Age", "Weight", "Height", "Split")
    for subject in subjects {
        guard let file = subject.files.first(where: { $0.view == view }) else { continue }
        var random = SeededRandom(seed: seed, "child", subject.seed)
        let age = random.below(19)
        let height = 52 + 6.6 * Double(age) + 5 * random.normal()
        let weight = max(2.5, 4 + 2.9 * Double(age) + 2 * random.normal())
        table.add(
            file.name + ".avi", decimals(100 * subject.heart.ejectionFraction, 6),
            random.uniform() < 0.45 ? "F" : "M", "\(age)", decimals(weight, 1), decimals(height, 1),
            "\(random.below(10))")
    }
    return table
}
