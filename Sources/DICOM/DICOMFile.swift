// Reads a DICOM Part 10 file, or a bare data set: its elements, and where its pixels lie. Nothing is decoded.

package import EchoCore
import Files

/// A DICOM file held in memory.
package struct DICOMFile: Sendable {
    /// As the file meta group says; what the data themselves look like where there is none.
    package let transferSyntax: TransferSyntax
    /// The SOP class as the file meta group has it.
    package let mediaStorageClass: String?
    package let dataset: DICOMDataset
    /// The pixel data element, nil if the file has none.
    package let pixelData: PixelData?
    /// How many elements before the pixels were broken, and passed over.
    package let brokenElements: Int

    /// A deflated data set may not become larger than this.
    static let inflatedLimit = 256 << 20

    /// Reads the elements of `bytes`.
    ///
    /// - Throws: `.empty`, `.notAClip` for what is no DICOM file, `.malformed`, `.truncated` before the pixel data,
    ///   `.tooLarge` for a deflated data set of more than 256 MiB. A fault within or after the pixel data is no error
    ///   here but the pixel data's `shortfall`.
    package init(bytes: [UInt8]) throws(Rejection) {
        guard !bytes.isEmpty else { throw Rejection(.empty, "the file has no bytes") }
        var start = 0
        if bytes.count >= 132, bytes[128..<132].elementsEqual("DICM".utf8) {
            start = 132
        } else if !DICOMFile.looksLikeDataset(bytes) {
            throw Rejection(.notAClip, "no DICM mark, and no data set at the start")
        }
        let meta = try DICOMFile.readMeta(bytes, from: start)
        mediaStorageClass = meta.sopClass
        var syntax = meta.syntax
        var body = bytes
        var bodyStart = meta.end
        if let syntax, syntax.isDeflated {
            body = try inflateRaw(
                bytes[bodyStart...].dropFirst(DICOMFile.zlibHeader(bytes[bodyStart...])),
                upTo: DICOMFile.inflatedLimit)
            bodyStart = 0
        }
        let encoding = DICOMFile.encoding(of: body, at: bodyStart, said: syntax)
        var reader = DatasetReader(ElementReader(body, bodyStart..<body.count, encoding))
        try reader.read()
        (dataset, pixelData) = (reader.dataset, reader.pixelData)
        brokenElements = reader.brokenElements
        if syntax == nil {
            syntax =
                encoding.isBigEndian ? .explicitBigEndian : encoding.isImplicit ? .implicitLittleEndian : nil
        }
        transferSyntax = syntax ?? .explicitLittleEndian
    }

    /// Bytes of the head that some writers put before deflated data (RFC 1950), 2 or 0. Raw data do not begin like it:
    /// that would be a stored block whose two lengths contradict each other, but for one beginning in 65,536.
    private static func zlibHeader(_ bytes: ArraySlice<UInt8>) -> Int {
        guard let first = bytes.first, let second = bytes.dropFirst().first else { return 0 }
        let isHeader =
            first & 0x0F == 8 && first >> 4 <= 7 && second & 0x20 == 0
            && (Int(first) << 8 | Int(second)) % 31 == 0
        return isHeader ? 2 : 0
    }

    /// Whether `bytes` open as a DICOM file or as a data set without preamble.
    package static func looksLikeDICOM(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 132 && bytes[128..<132].elementsEqual("DICM".utf8) || looksLikeDataset(bytes)
    }

    /// Whether the first bytes are an element of the file meta group or of group 8 in any encoding.
    private static func looksLikeDataset(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 8 else { return false }
        let little = UInt16(bytes[1]) << 8 | UInt16(bytes[0])
        let big = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
        guard little == 2 || little == 8 || big == 8 else { return false }
        if VR(textAt: 4, of: bytes) != nil { return true }
        // Implicit: the length of the first element is small.
        return little == 8 && bytes[6] == 0 && bytes[7] == 0
    }

    private static func readMeta(_ bytes: [UInt8], from start: Int) throws(Rejection) -> (
        syntax: TransferSyntax?, sopClass: String?, end: Int
    ) {
        let explicit = Encoding(isImplicit: false, isBigEndian: false)
        var reader = ElementReader(bytes, start..<bytes.count, explicit)
        var meta = DICOMDataset(bytes: bytes)
        while reader.remaining >= 8, reader.u16(reader.position) == 2 {
            let head = try reader.head()
            guard try reader.skip(head) else {
                // The group's length leads past a broken element.
                guard let length = meta.integer(.metaGroupLength), (0..<bytes.count).contains(length),
                    start + 12 + length > head.start, start + 12 + length <= bytes.count - 8
                else { throw reader.truncated("the file meta group") }
                reader.position = start + 12 + length
                break
            }
            try meta.insert(head, value: head.valueStart..<reader.position, explicit)
        }
        guard reader.remaining >= 8 else { throw reader.truncated("the file meta group") }
        let uid = meta.text(.transferSyntax)
        return (
            uid.map { TransferSyntax(uid: $0) }, meta.text(.mediaStorageSOPClass), reader.position
        )
    }

    /// How the data set is really written: its first element decides, since files exist that say otherwise.
    private static func encoding(of bytes: [UInt8], at start: Int, said syntax: TransferSyntax?) -> Encoding {
        var encoding = Encoding(
            isImplicit: syntax?.isImplicit ?? false, isBigEndian: syntax?.isBigEndian ?? false)
        guard bytes.count - start >= 8 else { return encoding }
        let saysImplicit = encoding.isImplicit
        encoding.isImplicit = VR(textAt: start + 4, of: bytes) == nil
        if bytes[start] == 0, bytes[start + 1] != 0 { encoding.isBigEndian = true }
        if bytes[start] != 0, bytes[start + 1] == 0 { encoding.isBigEndian = false }
        // It may be the one whose letters are missing.
        if encoding.isImplicit, !saysImplicit, syntax != nil {
            let reader = ElementReader(bytes, start..<bytes.count, encoding)
            if Int(reader.u32(start + 4)) > bytes.count - start - 8 { encoding.isImplicit = false }
        }
        return encoding
    }
}

extension VR {
    /// The representation whose letters stand at `position`.
    init?(textAt position: Int, of bytes: [UInt8]) {
        let (a, b) = (bytes[position], bytes[position + 1])
        guard (65...90).contains(a), (65...90).contains(b) else { return nil }
        self.init(letters: a, b)
    }
}
