// What a clip shows, decided by its tags and then by its pixels, with every figure that decided.

package import EchoCore

/// What a file shows, which rule said so, and the figures, so that thresholds can be moved without decoding again.
package struct Judgement: Sendable, Equatable, Codable {
    package let kind: ClipKind
    /// The rule that decided: `object`, `frames`, `regions`, `image-type`, `gray`, `colour`, `tint` or `tags-against-pixels`.
    package let rule: String
    /// What the tags alone say; nil if they say nothing.
    package let tagKind: ClipKind?
    /// The greatest share, 0…1, of coloured among lit pixels that one frame has inside the sector.
    package let colourShare: Double?
    /// The share of bright pixels without colour; few mean a tinted map.
    package let neutralShare: Double?
    /// As `colourShare`, of pixels that are not of their luma's usual colour; only for tinted maps.
    package let residualShare: Double?
    /// How many frames were looked at.
    package let judgedFrames: Int

    /// Whether pixels cannot change it: nothing but frames of a 2-D picture needs decoding to be judged.
    package var isSettled: Bool {
        switch kind {
        case .still, .mMode, .spectral, .threeD: true
        case .bmode, .doppler, .uncertain: false
        }
    }

    init(_ kind: ClipKind, _ rule: String, tagKind: ClipKind?, figures: ColourFigures? = nil) {
        self.kind = kind
        self.rule = rule
        self.tagKind = tagKind
        colourShare = figures?.colourShare
        neutralShare = figures?.neutralShare
        residualShare = figures?.residualShare
        judgedFrames = figures?.frames ?? 0
    }
}

/// Judges by tags alone (docs/commands/ingest.md, "Which clips stay", 0 to 3); nil if they say nothing.
///
/// - Parameters:
///   - object: what the file says it is; a volume's frames are planes
///   - frames: counted in the data, not believed from the tag
///   - regions: the items of SequenceOfUltrasoundRegions
///   - imageTypeFlags: ImageType's value 4, read as hexadecimal
package func judge(
    object: ObjectKind = .unsaid, frames: Int, regions: [UltrasoundRegion], imageTypeFlags: UInt32?
) -> Judgement? {
    if object == .volume { return Judgement(.threeD, "object", tagKind: .threeD) }
    if frames < 2 { return Judgement(.still, "frames", tagKind: .still) }
    let regionKinds = regions.compactMap(kind(of:))
    let byRegion = [ClipKind.spectral, .mMode, .doppler, .bmode].first(where: regionKinds.contains)
    if let byRegion, byRegion != .bmode { return Judgement(byRegion, "regions", tagKind: byRegion) }
    if let byType = imageTypeFlags.flatMap(kind(ofFlags:)), byType != .bmode || byRegion == nil {
        return Judgement(byType, "image-type", tagKind: byType)
    }
    return byRegion.map { Judgement($0, "regions", tagKind: $0) }
}

/// What one region shows. Formats 0, 4 and 5 and data of other types, an ECG's say, tell nothing.
private func kind(of region: UltrasoundRegion) -> ClipKind? {
    switch (region.spatialFormat, region.dataType) {
    case (3, _), (1, 3), (1, 4): .spectral
    case (2, _): .mMode
    case (1, 2): .doppler
    case (1, 1): .bmode
    default: nil
    }
}

/// What the bits of ImageType's value 4 say: 1 2-D, 2 M-mode, 4 CW, 8 PW, 10 colour, 20 colour M-mode, 40 3-D, 100
/// power Doppler.
private func kind(ofFlags flags: UInt32) -> ClipKind? {
    if flags & 0x40 != 0 { return .threeD }
    if flags & 0x0C != 0 { return .spectral }
    if flags & 0x22 != 0 { return .mMode }
    if flags & 0x110 != 0 { return .doppler }
    return flags & 1 != 0 ? .bmode : nil
}

/// Judges by what the tags said and by the pixels inside the sector (docs/commands/ingest.md, "Which clips stay", 4
/// and 5).
package func judge(clip: Clip, mask: SectorMask, tags: Judgement?) -> Judgement {
    if let tags, tags.isSettled { return tags }
    let figures = ColourFigures(clip, mask)
    let (seen, rule) = figures.verdict
    guard let said = tags?.kind, said != seen else {
        return Judgement(seen, rule, tagKind: tags?.kind, figures: figures)
    }
    switch (said, seen) {
    case (.doppler, .uncertain):
        return Judgement(.doppler, tags?.rule ?? rule, tagKind: said, figures: figures)
    case (_, .uncertain):
        return Judgement(.uncertain, rule, tagKind: said, figures: figures)
    default:
        return Judgement(.uncertain, "tags-against-pixels", tagKind: said, figures: figures)
    }
}
