// Transfer syntaxes: how a data set is written, and in which code its pixels are (DICOM PS3.5 annex A).

/// A transfer syntax by its UID; one that nobody here knows is read as explicit little endian.
package struct TransferSyntax: Hashable, Sendable {
    package let uid: String

    package init(uid: String) { self.uid = uid }

    package static let implicitLittleEndian = TransferSyntax(uid: "1.2.840.10008.1.2")
    package static let explicitLittleEndian = TransferSyntax(uid: "1.2.840.10008.1.2.1")
    package static let encapsulatedUncompressed = TransferSyntax(uid: "1.2.840.10008.1.2.1.98")
    package static let deflated = TransferSyntax(uid: "1.2.840.10008.1.2.1.99")
    package static let explicitBigEndian = TransferSyntax(uid: "1.2.840.10008.1.2.2")
    package static let jpegBaseline = TransferSyntax(uid: "1.2.840.10008.1.2.4.50")
    package static let jpegExtended = TransferSyntax(uid: "1.2.840.10008.1.2.4.51")
    package static let jpegLossless = TransferSyntax(uid: "1.2.840.10008.1.2.4.57")
    package static let jpegLosslessFirstOrder = TransferSyntax(uid: "1.2.840.10008.1.2.4.70")
    package static let jpegLS = TransferSyntax(uid: "1.2.840.10008.1.2.4.80")
    package static let jpegLSNearLossless = TransferSyntax(uid: "1.2.840.10008.1.2.4.81")
    package static let jpeg2000Lossless = TransferSyntax(uid: "1.2.840.10008.1.2.4.90")
    package static let jpeg2000 = TransferSyntax(uid: "1.2.840.10008.1.2.4.91")
    package static let mpeg2 = TransferSyntax(uid: "1.2.840.10008.1.2.4.100")
    package static let mpeg2High = TransferSyntax(uid: "1.2.840.10008.1.2.4.101")
    package static let h264 = TransferSyntax(uid: "1.2.840.10008.1.2.4.102")
    package static let hevc = TransferSyntax(uid: "1.2.840.10008.1.2.4.107")
    package static let rle = TransferSyntax(uid: "1.2.840.10008.1.2.5")

    package var isImplicit: Bool { self == .implicitLittleEndian }
    package var isBigEndian: Bool { self == .explicitBigEndian }
    package var isDeflated: Bool { self == .deflated }
    /// Whether all frames are one stream of MPEG-2, H.264 or HEVC.
    package var isVideo: Bool { uid.hasPrefix(TransferSyntax.family + "10") }
    /// Whether each frame is a picture in a code that echoprep reads.
    package var isKnownPicture: Bool {
        self == .rle
            || ["50", "51", "57", "70", "80", "81", "90", "91"].contains { uid == TransferSyntax.family + $0 }
    }
    private static let family = "1.2.840.10008.1.2.4."
    /// Whether pixel data should come in fragments.
    package var isEncapsulated: Bool {
        uid.hasPrefix(TransferSyntax.family) || self == .rle || self == .encapsulatedUncompressed
    }
    /// Whether frames are plain samples, in fragments or not.
    package var isNative: Bool {
        [
            .implicitLittleEndian, .explicitLittleEndian, .explicitBigEndian, .deflated,
            .encapsulatedUncompressed,
        ].contains(self)
    }
}
