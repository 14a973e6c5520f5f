import Crop
import DICOM
import EchoCore
import Files
import Foundation
import Testing
import TestSupport
import Video

/// docs/formats.md and what it is made of: the broken files of these tests, and real files of the Python packages
/// pydicom and pydicom-data, looked for in `.oracle` or in the folder SITE_PACKAGES. `RECORD=1` writes both anew.
@Suite(.serialized) struct FormatsTests {
    @Test func `real files decode to the pixels that were recorded`() throws {
        let files = RealFile.findAll()
        guard !files.isEmpty else { return }
        let found = files.map { RealFile.look(at: $0).row }
        if isRecording {
            try writeFile(fixture.path, Data((([RealFile.head] + found).joined(separator: "\n") + "\n").utf8))
        }
        let recorded = Set(try rows())
        for row in found { #expect(recorded.contains(row), "not as recorded: \(row)") }
    }

    @Test func `docs formats md says what the tests found`() throws {
        let page = Built.repository.appendingPathComponent("docs/formats.md")
        let text = try describe()
        if isRecording { try writeFile(page.path, Data(text.utf8)) }
        #expect(try String(contentsOf: page, encoding: .utf8) == text)
    }

    private let isRecording = ProcessInfo.processInfo.environment["RECORD"] != nil
    private let fixture = Built.repository.appendingPathComponent("fixtures/decoding/real-files.csv")

    /// The recorded rows without the head.
    private func rows() throws -> [String] {
        try String(contentsOf: fixture, encoding: .utf8).split(separator: "\n").dropFirst().map(String.init)
    }

    /// What each ultrasound file shows to a person.
    private func byEye() throws -> [String: String] {
        let table = Built.repository.appendingPathComponent("fixtures/decoding/by-eye.csv")
        let rows = try String(contentsOf: table, encoding: .utf8).split(separator: "\n").dropFirst()
        return Dictionary(
            uniqueKeysWithValues: rows.map { row in
                let cells = row.split(separator: ",", maxSplits: 1).map(String.init)
                return (cells[0], cells[1])
            })
    }

    private func describe() throws -> String {
        var real: [String] = []
        var ultrasound: [String] = []
        let seen = try byEye()
        for row in try rows() {
            let c = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            let size = c[4].isEmpty ? "" : "\(c[4]) × \(c[6]) × \(c[5]), \(c[7])"
            real.append("| `\(c[0])` | \(name(ofSyntax: c[1])) | \(c[2]) | \(c[3]) | \(size) |")
            guard !c[9].isEmpty else { continue }
            ultrasound.append(
                "| `\(c[0])` | \(c[4]) | \(c[9]) | \(c[10]) | \(c[11]) | \(seen[c[0]] ?? "not looked at yet") |"
            )
        }
        let broken = HostileFile.all.map { "| \($0.name) | \($0.ending) |" }
        return try String(
            contentsOf: Built.repository.appendingPathComponent("fixtures/decoding/formats.md"),
            encoding: .utf8
        )
        .replacingOccurrences(of: "{ultrasound}", with: ultrasound.joined(separator: "\n"))
        .replacingOccurrences(of: "{real}", with: real.joined(separator: "\n"))
        .replacingOccurrences(of: "{broken}", with: broken.joined(separator: "\n"))
        .replacingOccurrences(of: "{count}", with: "\(broken.count)")
    }
}

/// A real file and what becomes of it.
private struct RealFile {
    static let head =
        "file,syntax,photometric,ending,frames,height,width,sampling,sha256,kind,rule,colour_share"

    var row: String

    static func findAll() -> [URL] {
        let folders = [
            "data_store/data", "pydicom/data/test_files", "pydicom/data/palettes",
            "pydicom/data/charset_files",
        ]
        var packages: [URL] = []
        if let given = ProcessInfo.processInfo.environment["SITE_PACKAGES"] {
            packages = [URL(fileURLWithPath: given)]
        } else {
            let library = Built.repository.appendingPathComponent(".oracle/lib")
            let versions =
                (try? FileManager.default.contentsOfDirectory(at: library, includingPropertiesForKeys: nil))
                ?? []
            packages = versions.map { $0.appendingPathComponent("site-packages") }
        }
        let files = packages.flatMap { package in
            folders.flatMap { folder in
                let inside = package.appendingPathComponent(folder)
                return
                    (try? FileManager.default.contentsOfDirectory(at: inside, includingPropertiesForKeys: nil))
                    ?? []
            }
        }
        return files.filter { $0.pathExtension == "dcm" }.sorted {
            $0.lastPathComponent < $1.lastPathComponent
        }
    }

    static func look(at url: URL) -> RealFile {
        var cells = [url.lastPathComponent] + [String](repeating: "", count: 11)
        do {
            let bytes = try readFile(url.path)
            let file = try DICOMFile(bytes: bytes)
            cells[1] = file.transferSyntax.uid
            cells[2] = file.dataset.text(.photometricInterpretation) ?? ""
            let source = try openClip(bytes, name: url.lastPathComponent)
            let decoded = try source.decode(maxFrames: nil)
            let clip = decoded.clip
            cells[3] = decoded.shortfall.map { "salvaged: \($0.reason.rawValue)" } ?? "whole"
            cells[4...8] = [
                "\(clip.frames)", "\(clip.height)", "\(clip.width)", clip.chroma?.sampling.rawValue ?? "gray",
                sha256(clip.luma + (clip.chroma?.cb ?? []) + (clip.chroma?.cr ?? [])),
            ]
            if file.dataset.text(.modality) == "US" {
                let tags = judge(
                    frames: clip.frames, regions: source.header.regions,
                    imageTypeFlags: source.header.imageTypeFlags)
                let judgement = judge(clip: clip, mask: try sectorMask(of: clip), tags: tags)
                cells[9] = judgement.kind.rawValue
                cells[10] = judgement.rule
                cells[11] = judgement.colourShare.map { String(format: "%.4f", $0) } ?? ""
            }
        } catch let rejection as Rejection {
            cells[3] = rejection.description.replacingOccurrences(of: ",", with: "")
        } catch {
            cells[3] = "\(error)".replacingOccurrences(of: ",", with: "")
        }
        return RealFile(row: cells.joined(separator: ","))
    }
}

/// A transfer syntax in words.
private func name(ofSyntax uid: String) -> String {
    let names = [
        "1.2.840.10008.1.2": "implicit little endian", "1.2.840.10008.1.2.1": "explicit little endian",
        "1.2.840.10008.1.2.1.99": "deflated", "1.2.840.10008.1.2.2": "explicit big endian",
        "1.2.840.10008.1.2.4.50": "JPEG Baseline", "1.2.840.10008.1.2.4.51": "JPEG Extended",
        "1.2.840.10008.1.2.4.57": "JPEG Lossless", "1.2.840.10008.1.2.4.70": "JPEG Lossless, first order",
        "1.2.840.10008.1.2.4.80": "JPEG-LS", "1.2.840.10008.1.2.4.81": "JPEG-LS, near-lossless",
        "1.2.840.10008.1.2.4.90": "JPEG 2000, lossless", "1.2.840.10008.1.2.4.91": "JPEG 2000",
        "1.2.840.10008.1.2.5": "RLE",
    ]
    return names[uid] ?? uid
}
