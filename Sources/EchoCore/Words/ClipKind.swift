// The closed lists that every source file ends in: what it is, and why it was dropped.

/// What a file of an echocardiography study shows.
package enum ClipKind: String, Sendable, CaseIterable, Codable {
    case bmode, doppler, still, spectral, uncertain
    case mMode = "m-mode"
    case threeD = "3-d"
}

/// Why a source file is not among the kept clips; the database's `clip.reason` holds one of these and nothing else.
package enum DropReason: String, Sendable, CaseIterable, Codable {
    // Read, and not asked for: one for each kind but B-mode.
    case still, doppler, spectral, uncertain
    case mMode = "m-mode"
    case threeD = "3-d"
    case notUltrasound = "not-ultrasound"
    // Not readable as what it should be.
    case missing
    case unreadable
    case empty
    case notAClip = "not-a-clip"
    case malformed
    case truncated
    case noPixels = "no-pixels"
    case unsupported
    case undecodable
    case tooLarge = "too-large"
    case noSector = "no-sector"
    case duplicate
    case changedWhileRead = "changed-while-read"

    /// The reason for dropping a clip only because of its kind.
    package init?(kind: ClipKind) {
        self.init(rawValue: kind.rawValue)
    }
}

/// A source file that ends as a dropped row, with the reason from the closed list and where it went wrong.
package struct Rejection: Error, Equatable, Sendable, CustomStringConvertible {
    package let reason: DropReason
    /// What is wrong, with the byte offset where that helps; never a value of the file's text elements.
    package let detail: String

    package init(_ reason: DropReason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }

    package var description: String { "\(reason.rawValue): \(detail)" }
}
