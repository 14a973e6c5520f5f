// A small source in MIMIC-IV-ECHO's layout: clips that beat, and files that ingest must drop, each with its outcome.

import DICOM
import EchoCore
import Files
import Foundation
import Video

/// What a file of the source is made as.
enum Made: String, CaseIterable {
    case bmode, doppler, still, spectral, truncated, text, empty

    /// The reason for dropping it; nil if it is kept.
    var reason: DropReason? {
        switch self {
        case .bmode: nil
        case .doppler: .doppler
        case .still: .still
        case .spectral: .spectral
        case .truncated: .truncated
        case .text: .notAClip
        case .empty: .empty
        }
    }
}

/// A source under `folder`; the same numbers make the same bytes.
struct TinySource {
    let folder: URL
    /// Paths relative to the source, and what they were made as.
    private(set) var files: [(path: String, made: Made)] = []

    /// - Parameters:
    ///   - each: what each study holds, in the order of its files
    init(_ folder: URL, studies: Int, each: [Made], height: Int = 120, width: Int = 160, frames: Int = 6)
        throws
    {
        self.folder = folder
        var list = "subject_id,study_id,acquisition_datetime,dicom_filepath\n"
        for study in 0..<studies {
            let subject = 10_000_032 + study / 2
            let number = 90_000_000 + study
            let place = "files/p10/p\(subject)/s\(number)"
            try makeFolder(folder.appendingPathComponent(place).path)
            for (index, made) in each.enumerated() {
                let path = "\(place)/\(number)_\(String(format: "%04d", index + 1)).dcm"
                let seed = UInt64(study * 100 + index)
                let bytes = try TinySource.bytes(
                    made, seed: seed, height: height, width: width, frames: frames)
                try writeFile(folder.appendingPathComponent(path).path, bytes)
                files.append((path, made))
                list += "\(subject),\(number),2180-01-01 10:00:00,\(path)\n"
            }
        }
        try writeFile(folder.appendingPathComponent("echo-record-list.csv").path, Array(list.utf8))
    }

    /// The bytes of one file.
    static func bytes(_ made: Made, seed: UInt64, height: Int, width: Int, frames: Int) throws -> [UInt8] {
        switch made {
        case .empty: return []
        case .text: return Array("<html>not a clip</html>".utf8)
        case .bmode, .doppler, .still, .spectral, .truncated:
            let clip = beating(
                frames: made == .still ? 1 : frames, height: height, width: width, seed: seed,
                coloured: made == .doppler)
            var writer = DICOMWriter(
                sopClass: DICOMWriter.ultrasoundMultiFrame, sopInstance: "2.25.\(seed + 1)",
                transferSyntax: .jpegBaseline)
            writer.dataset.add(.photometricInterpretation, .CS, "YBR_FULL_422")
            writer.dataset.add(.numberOfFrames, .IS, clip.frames)
            writer.dataset.add(.frameTime, .DS, 33.3)
            var region = DICOMElements()
            region.add(.regionSpatialFormat, .US, made == .spectral ? 3 : 1)
            region.add(.regionDataType, .US, made == .spectral ? 3 : made == .doppler ? 2 : 1)
            writer.dataset.add(.ultrasoundRegions, items: [region])
            writer.addPixels(frames: try JPEGEncoder(quality: 90).encode(clip), offsetTable: .empty)
            let bytes = writer.bytes()
            return made == .truncated ? Array(bytes[..<200]) : bytes
        }
    }

    /// A sector with speckle in which a disc beats.
    static func beating(frames: Int, height: Int, width: Int, seed: UInt64, coloured: Bool) -> Clip {
        var random = SeededRandom(seed: seed, "beating")
        let speckle = (0..<height * width).map { _ in Double(60 + random.below(120)) }
        var luma: [UInt8] = []
        let sampling = ChromaSampling.half
        let chromaWidth = sampling.columns(width)
        var cb = [UInt8](repeating: 128, count: frames * height * chromaWidth)
        var cr = cb
        for frame in 0..<frames {
            let radius = Double(height) * (0.2 + 0.05 * sin(Double(frame) + Double(seed)))
            for y in 0..<height {
                for x in 0..<width {
                    let (dy, dx) = (Double(y) - Double(height) / 2, Double(x) - Double(width) / 2)
                    let inSector = abs(dx) < Double(y) * 0.8 && y < height * 9 / 10
                    let distance = (dx * dx + dy * dy).squareRoot()
                    let level = distance < radius ? 20 : speckle[y * width + x]
                    luma.append(inSector ? UInt8(level) : 0)
                    if coloured, inSector, distance < radius {
                        cb[(frame * height + y) * chromaWidth + x / 2] = 90
                        cr[(frame * height + y) * chromaWidth + x / 2] = 220
                        luma[luma.count - 1] = 120
                    }
                }
            }
        }
        return Clip(
            frames: frames, height: height, width: width, luma: luma,
            chroma: Clip.Chroma(sampling: sampling, cb: cb, cr: cr))
    }
}

/// Every file under a folder with its bytes, but the database and the lock.
func shardBytes(_ dataset: URL) throws -> [String: [UInt8]] {
    let shards = dataset.appendingPathComponent("shards").path
    var files: [String: [UInt8]] = [:]
    for entry in try entries(ofFolder: shards) { files[entry.name] = try readFile(shards + "/" + entry.name) }
    return files
}
