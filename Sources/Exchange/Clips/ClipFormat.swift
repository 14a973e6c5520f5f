// The list of forms in which clips leave: what a clip's frames become, and how many clips go into a file.

import Crop
import EchoCore
import Foundation
package import Video

/// A form that other programs read: an entry of the list of forms.
package struct ClipFormat: Sendable {
    package let name: String
    /// Whether a pack of clips is one tar file, or a folder with files of its own for each clip.
    let isTar: Bool
    /// Whether colours stay in the order in which shards hold them; else they are red, green and blue.
    let keepsOrder: Bool
    /// Of a clip's own file, without a dot.
    let fileExtension: @Sendable (VideoCode) -> String
    /// What Python reads all clips with, given the files' pattern as a literal.
    package let reading: @Sendable (_ pattern: String) -> String
    /// A clip as a file, and what coding it cost in decibels; nil where nothing is lost.
    let encode: @Sendable (LeavingClip, FrameEncoder) throws -> (bytes: [UInt8], noise: Double?)

    /// All forms; a new one is a line here.
    package static let all = [webdataset, mp4, npy]

    package static func named(_ name: String) -> ClipFormat? { all.first { $0.name == name } }

    /// A pattern of the files that an export holds.
    package func files(_ code: VideoCode) -> String { isTar ? "*.tar" : "*/*.\(fileExtension(code))" }

    private static let webdataset = ClipFormat(
        name: "webdataset", isTar: true, keepsOrder: true, fileExtension: { _ in "npy" },
        reading: { "webdataset.WebDataset(sorted(glob.glob(\($0)))).decode()" }
    ) { clip, _ in (npyFile(clip.frames, shape: clip.shape), nil)
    }

    private static let npy = ClipFormat(
        name: "npy", isTar: false, keepsOrder: true, fileExtension: { _ in "npy" },
        reading: { "[numpy.load(file) for file in glob.glob(\($0))]" }
    ) { clip, _ in (npyFile(clip.frames, shape: clip.shape), nil)
    }

    private static let mp4 = ClipFormat(
        name: "mp4", isTar: false, keepsOrder: false, fileExtension: { $0.fileExtension },
        reading: { "[av.open(file) for file in glob.glob(\($0))]" }
    ) { clip, encoder in
        let frames = clip.frames.map { Data(clip.layout.picture($0)) }
        let bytes = try encoder.encode(
            frames, height: clip.height, width: clip.width, channels: clip.channels, times: clip.times,
            framesPerSecond: clip.framesPerSecond ?? LeavingClip.usualRate)
        let noise =
            encoder.code.isLossless
            ? nil : try encoder.noise(of: bytes, against: frames, channels: clip.channels)
        return (bytes, noise)
    }
}

/// An array of U8 as NumPy writes it (format 1.0).
func npyFile(_ parts: [[UInt8]], shape: [Int]) -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = "{'descr': '|u1', 'fortran_order': False, 'shape': (\(extents)), }"
    // Magic, version, length, header and its line end together are a multiple of 64 bytes.
    header += String(repeating: " ", count: (64 - (10 + header.utf8.count + 1) % 64) % 64) + "\n"
    let length = header.utf8.count
    var file: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)]
    file.reserveCapacity(10 + length + parts.reduce(0) { $0 + $1.count })
    file += header.utf8
    for part in parts { file += part }
    return file
}
