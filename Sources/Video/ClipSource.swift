// The way into a clip of any format: its head at once, its pixels when they are wanted.

package import EchoCore

/// An opened clip: the head is read, the pixels are not.
package protocol ClipSource: Sendable {
    var header: ClipHeader { get }
    /// Why frames are missing, as far as that is known before any is decoded.
    var shortfall: Rejection? { get }

    /// Decodes the first `maxFrames` frames, or all.
    ///
    /// A frame that cannot be decoded ends the clip; those before it are kept and the reason is told.
    /// - Throws: a rejection if not one frame can be decoded, or if the clip is too large for memory.
    func decode(maxFrames: Int?) throws(Rejection) -> DecodedClip
}

/// A clip's pixels, and whether they are all of it.
package struct DecodedClip: Sendable {
    package let header: ClipHeader
    package let clip: Clip
    /// Why frames are missing at the end; nil for a clip that is whole.
    package let shortfall: Rejection?
    /// Words for what was read otherwise than the file says, the header's among them.
    package let flags: [String]

    package init(header: ClipHeader, clip: Clip, shortfall: Rejection?, flags: [String] = []) {
        self.header = header
        self.clip = clip
        self.shortfall = shortfall
        self.flags = header.flags + flags
    }

    /// Why frames are missing at the end, in words.
    package var salvaged: String? { shortfall?.detail }
}

/// A format: whether bytes are of it, by their content, and how they are opened.
struct ClipFormat: Sendable {
    let name: String
    let matches: @Sendable ([UInt8]) -> Bool
    let open: @Sendable ([UInt8]) throws(Rejection) -> any ClipSource
}

/// The registry: a new format is one line here. The first that matches is asked.
private let formats: [ClipFormat] = [
    ClipFormat(name: "dicom", matches: DICOMClip.matches, open: DICOMClip.open),
    ClipFormat(name: "avi", matches: StreamClip.isAVI) { bytes throws(Rejection) in
        try StreamClip(bytes, container: "avi", formats: StreamClip.aviFormats)
    },
    ClipFormat(name: "mp4", matches: StreamClip.isMP4) { bytes throws(Rejection) in
        try StreamClip(bytes, container: "mp4", formats: StreamClip.mp4Formats)
    },
]

/// Whether a file that begins like this is of a known format; 256 bytes are enough.
package func isClip(beginning bytes: [UInt8]) -> Bool { formats.contains { $0.matches(bytes) } }

/// Opens the clip in a file's bytes, by what they are and not by the file's name.
///
/// - Parameter name: what messages call the file; unused so far as no rejection repeats it.
/// - Throws: `.empty`, `.notAClip` for bytes of no known format, and what the format's reader throws.
package func openClip(_ bytes: [UInt8], name: String) throws(Rejection) -> any ClipSource {
    guard !bytes.isEmpty else { throw Rejection(.empty, "the file has no bytes") }
    guard let format = formats.first(where: { $0.matches(bytes) }) else {
        throw Rejection(.notAClip, "neither DICOM nor AVI nor MP4 by its first bytes")
    }
    return try format.open(bytes)
}

extension Rejection {
    /// An object of another modality.
    package static let notUltrasound = Rejection(
        .notUltrasound, "its SOP class or modality is not ultrasound's")
}
