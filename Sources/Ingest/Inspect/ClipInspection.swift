// The decision on one file, rule by rule, and a picture of it.

import Catalog
import Crop
package import EchoCore
import Files
import Foundation
package import Pictures
import Video

/// One file as an ingest would look at it.
package struct ClipInspection {
    private let row: ClipRecord
    private let findings: Findings
    private let source: (any ClipSource)?
    private let name: String

    /// - Throws: `EchoError` if the file cannot be read; a file that is no clip is inspected all the same.
    package init(_ path: String, rules: IngestRules = IngestRules()) throws(EchoError) {
        let bytes = try readFile(path)
        name = URL(fileURLWithPath: path).lastPathComponent
        var row = ClipRecord(
            id: 0, runID: 0, studyKey: "", studyID: nil, subjectID: nil, name: name, path: name)
        findings = Examiner(rules: rules).examine(bytes, &row)
        self.row = row
        source = try? openClip(bytes, name: name)
    }

    /// What is known of the file, and the figure of every rule.
    package var report: Inspection {
        var report = Inspection("clip")
        report.kept = row.reason == nil
        report.add("file", "\(grouped(row.bytes ?? 0)) bytes, sha256 \(row.sha256 ?? "")")
        let coding = [row.container, row.codec, row.photometric].compactMap(\.self).joined(separator: " · ")
        if !coding.isEmpty { report.add("coding", coding) }
        if let header = findings.header {
            let rate = header.framesPerSecond.map { String(format: " at %.2f a second", $0) } ?? ""
            report.add("frames", "\(header.frames)\(rate) (fewer than 2: still)")
            if let times = header.frameTimes {
                let steps = zip(times, times.dropFirst()).map { $1 - $0 }
                report.add(
                    "frame times",
                    String(format: "%.2f to %.2f ms apart", steps.min() ?? 0, steps.max() ?? 0))
            }
            report.add("picture", "\(header.width) × \(header.height)")
            report.add(
                "regions", header.regions.isEmpty ? "none" : header.regions.map(words).joined(separator: "; ")
            )
            report.add(
                "image type", header.imageTypeFlags.map { "0x" + String($0, radix: 16) } ?? "no mode bits")
            report.add("tags say", row.tagKind?.rawValue ?? "nothing")
        }
        for name in ["sector", "colour", "neutral", "beside the tint"] {
            report.add(name, ClipFigure.all(of: row).first { $0.name == name }?.text)
        }
        report.add("crop", findings.box.map { "rows \($0.rows), columns \($0.columns)" })
        if !row.flags.isEmpty { report.add("flags", row.flags) }
        let kind = row.kind.map { "\($0.rawValue) by the rule \(row.rule ?? "")" }
        report.add("kind", kind)
        if let reason = row.reason {
            report.add("decision", "dropped: \(reason.rawValue), \(row.detail ?? "")")
        } else {
            report.add("decision", "kept" + (row.detail.map { ", \($0)" } ?? ""))
        }
        return report
    }

    /// Writes a frame as `picture` draws it.
    ///
    /// - Parameter index: the frame, the middle one if nil
    package func writePicture(to path: String, frame index: Int? = nil) throws(EchoError) {
        try writeFile(path, try picture(frame: index, overlays: true).png())
    }

    /// A frame as a picture; with overlays the regions in yellow, the outline of the sector in green and the crop box in red.
    ///
    /// - Parameter index: the frame, the nearest that there is; the middle one if nil
    package func picture(frame index: Int?, overlays: Bool) throws(EchoError) -> Picture {
        let clip = try pixels()
        let frame = min(max(index ?? clip.frames / 2, 0), clip.frames - 1)
        var picture = Picture(
            width: clip.width, height: clip.height, channels: 3, pixels: rgbFrame(of: clip, at: frame))
        guard overlays else { return picture }
        for region in findings.header?.regions ?? [] {
            picture.outline(
                left: region.minX, top: region.minY, right: region.maxX, bottom: region.maxY, (255, 220, 0))
        }
        if let outline = findings.mask?.outline {
            for (place, level) in outline.enumerated() where level != 0 {
                picture.set(x: place % clip.width, y: place / clip.width, (0, 230, 90))
            }
        }
        if let box = findings.box {
            picture.outline(
                left: box.columns.lowerBound, top: box.rows.lowerBound, right: box.columns.upperBound - 1,
                bottom: box.rows.upperBound - 1, (255, 60, 60))
        }
        return picture
    }

    /// Writes the sector: 255 inside, 0 outside.
    package func writeMask(to path: String) throws(EchoError) {
        guard let mask = findings.mask else {
            throw EchoError(name, "has no sector: \(row.detail ?? "it was not decoded")")
        }
        try writeFile(
            path, Picture(width: mask.width, height: mask.height, channels: 1, pixels: mask.inside).png())
    }

    /// The decoded clip, also of a file that was dropped before it was decoded.
    private func pixels() throws(EchoError) -> Clip {
        if let clip = findings.clip { return clip }
        do throws(Rejection) {
            if let source { return try source.decode(maxFrames: nil).clip }
        } catch {
            throw EchoError(name, error.description)
        }
        throw EchoError(name, row.detail ?? "is no clip")
    }

    private func words(_ region: UltrasoundRegion) -> String {
        let formats = ["no format", "2-D", "M-mode", "spectral", "wave form", "graphics"]
        let types = [1: "tissue", 2: "colour flow", 3: "PW", 4: "CW", 10: "ECG"]
        let format =
            formats.indices.contains(region.spatialFormat) ? formats[region.spatialFormat] : "unknown format"
        let type = types[region.dataType] ?? "type \(region.dataType)"
        return "\(format) \(type) in \(region.minX),\(region.minY)…\(region.maxX),\(region.maxY)"
    }
}
