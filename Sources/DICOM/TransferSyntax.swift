// Transfer syntaxes: how a data set is written, and in which code its pixels are (DICOM PS3.5 annex A).

/// A transfer syntax by its UID; one that nobody here knows is read as explicit little endian.
public struct TransferSyntax: Hashable, Sendable {
    public let uid: String

    public init(uid: String) { self.uid = uid }

    public static let implicitLittleEndian = TransferSyntax(uid: "1.2.840.10008.1.2")
    public static let explicitLittleEndian = TransferSyntax(uid: "1.2.840.10008.1.2.1")
    public static let deflated = TransferSyntax(uid: "1.2.840.10008.1.2.1.99")
    public static let explicitBigEndian = TransferSyntax(uid: "1.2.840.10008.1.2.2")
    public static let jpegBaseline = TransferSyntax(uid: "1.2.840.10008.1.2.4.50")
    public static let jpegExtended = TransferSyntax(uid: "1.2.840.10008.1.2.4.51")
    public static let jpegLossless = TransferSyntax(uid: "1.2.840.10008.1.2.4.57")
    public static let jpegLosslessFirstOrder = TransferSyntax(uid: "1.2.840.10008.1.2.4.70")
    public static let jpegLS = TransferSyntax(uid: "1.2.840.10008.1.2.4.80")
    public static let jpegLSNearLossless = TransferSyntax(uid: "1.2.840.10008.1.2.4.81")
    public static let jpeg2000Lossless = TransferSyntax(uid: "1.2.840.10008.1.2.4.90")
    public static let jpeg2000 = TransferSyntax(uid: "1.2.840.10008.1.2.4.91")
    public static let mpeg2 = TransferSyntax(uid: "1.2.840.10008.1.2.4.100")
    public static let mpeg2High = TransferSyntax(uid: "1.2.840.10008.1.2.4.101")
    public static let h264 = TransferSyntax(uid: "1.2.840.10008.1.2.4.102")
    public static let hevc = TransferSyntax(uid: "1.2.840.10008.1.2.4.107")
    public static let rle = TransferSyntax(uid: "1.2.840.10008.1.2.5")

    public var isImplicit: Bool { self == .implicitLittleEndian }
    public var isBigEndian: Bool { self == .explicitBigEndian }
    public var isDeflated: Bool { self == .deflated }
    /// Whether all frames are one stream of MPEG-2, H.264 or HEVC.
    public var isVideo: Bool { uid.hasPrefix(TransferSyntax.family + "10") }
    /// Whether each frame is a picture in a code that echoprep reads.
    public var isKnownPicture: Bool {
        self == .rle
            || ["50", "51", "57", "70", "80", "81", "90", "91"].contains { uid == TransferSyntax.family + $0 }
    }
    private static let family = "1.2.840.10008.1.2.4."
    /// Whether pixel data should come in fragments.
    public var isEncapsulated: Bool { uid.hasPrefix(TransferSyntax.family) || self == .rle }
}
