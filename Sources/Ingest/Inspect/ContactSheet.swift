// `echoprep inspect --contact-sheet`: many clips of a dataset at a glance, by kind, to see what the rules missed.

import Catalog
import Crop
import EchoCore
import Files
import Pictures
import Shards
import Video

/// Which clips go on contact sheets.
package struct ContactSheetOptions: Sendable {
    /// At most so many clips of each kind and outcome, drawn at random.
    package var count = 400
    package var seed: UInt64 = 1
    package var jobs = availableProcessors()

    package init() {}
}

/// Sheets of twenty by twenty clips.
private let columns = 20, perSheet = 400, side = 112

/// Draws sheets of random clips, `kept-bmode-1.png`, `dropped-doppler-1.png` and so on, and `clips.csv`, which says
/// where each clip is.
///
/// Kept clips are shown from their shards; dropped ones are decoded from the source, and stay black if it is gone.
/// - Returns: the sheets' names
package func drawContactSheets(
    of dataset: String, to folder: String, options: ContactSheetOptions
) throws -> [String] {
    let catalog = try Catalog(datasetFolder: dataset, readOnly: true)
    let run = try catalog.lastRun(of: "ingest")
    let source = run?.rules["source"] ?? ""
    let pixels = run?.rules["pixels"].flatMap(PixelLayout.init) ?? .luma
    try makeFolder(folder)
    var sheets: [String] = []
    var list = "sheet,row,column,name,path,kind,colour_share\n"
    for group in try catalog.outcomes() {
        guard let kind = group.kind else { continue }
        let all = try catalog.clips(kept: group.kept, kind: kind, reason: group.reason)
        var random = SeededRandom(seed: options.seed, "contact sheet", kind.rawValue, group.kept)
        let drawn = random.sample(min(options.count, all.count), of: all.count).sorted().map { all[$0] }
        let name = group.kept ? "kept-\(kind.rawValue)" : "dropped-\(group.reason?.rawValue ?? kind.rawValue)"
        let progress = Progress(name, total: drawn.count, unit: "clips")
        var pictures: [Picture] = []
        try produceInOrder(
            drawn.count, workers: options.jobs, window: 4 * options.jobs,
            produce: { thumbnail(drawn[$0], in: dataset, pixels, source: source) },
            consume: { index, picture in
                try Interruption.check()
                pictures.append(picture)
                let sheet = "\(name)-\(index / perSheet + 1).png"
                let (row, column) = (index % perSheet / columns, index % columns)
                let clip = drawn[index]
                let share = clip.colourShare.map { String($0) } ?? ""
                let fields = [clip.name, clip.path].map(csvField).joined(separator: ",")
                list += "\(sheet),\(row),\(column),\(fields),\(kind.rawValue),\(share)\n"
                if pictures.count == perSheet || index == drawn.count - 1 {
                    let montage = Picture.montage(pictures, columns: min(columns, pictures.count))
                    try writeFile(folder + "/" + sheet, montage.png())
                    sheets.append(sheet)
                    pictures.removeAll()
                }
                progress.update(index + 1)
            })
    }
    try writeFile(folder + "/clips.csv", Array(list.utf8))
    return sheets
}

/// The middle frame of a clip; black if it cannot be had.
private func thumbnail(
    _ row: ClipRecord, in dataset: String, _ layout: PixelLayout, source: String
) -> Picture {
    let picture = row.kept ? stored(row, in: dataset, layout) : try? decoded(source + "/" + row.path)
    return (picture ?? Picture(width: 1, height: 1, channels: 3, level: 0)).fitted(into: side)
}

private func stored(_ row: ClipRecord, in dataset: String, _ layout: PixelLayout) -> Picture? {
    guard let shard = row.shard, let file = try? SafetensorsFile(path: "\(dataset)/\(shardsFolder)/\(shard)"),
        let clip = try? ClipFrames(row.tensor ?? row.name, in: file),
        let bytes = try? clip.frame(clip.count / 2)
    else { return nil }
    return Picture(
        width: clip.width, height: clip.height, channels: clip.channels, pixels: layout.picture(Array(bytes))
    ).rgb
}

private func decoded(_ path: String) throws -> Picture {
    let bytes = try readSource(path, upTo: Examiner.greatestFile, from: Examiner.files).get().bytes
    let source = try openClip(bytes, name: path)
    let clip = try source.decode(maxFrames: source.header.frames / 2 + 1).clip
    return Picture(
        width: clip.width, height: clip.height, channels: 3, pixels: rgbFrame(of: clip, at: clip.frames - 1))
}
