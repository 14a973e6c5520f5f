// Files with faults that public bug reports describe: what is broken costs itself alone.

import DICOM
import EchoCore
import Files
import Testing
import Video

extension HostileFile {
    static let reported: [HostileFile] = reportedElements + reportedFragments + reportedPictures

    private static let reportedElements: [HostileFile] = [
        HostileFile("a sequence in UN with letters inside, of undefined lengths", .whole(6)) {
            let value = item(region + itemEnd, length: undefined) + sequenceEnd
            return before(element(DICOMTag(0x0009, 0x1010), "UN", length: undefined, value))
        },
        HostileFile("a sequence of undefined length without letters inside", .whole(6)) {
            let inside = tagBytes(DICOMTag(0x0009, 0x1001)) + little(4, 4) + [1, 2, 3, 4]
            let value = item(inside + itemEnd, length: undefined) + sequenceEnd
            return before(element(DICOMTag(0x0008, 0x1140), "SQ", length: undefined, value))
        },
        HostileFile("an icon whose lengths say 24 bytes too few", .whole(6)) {
            let pixels = element(.pixelData, "OB", length: 600, [UInt8](repeating: 7, count: 600))
            let icon = tagBytes(.rows) + Array("US".utf8) + little(2, 2) + little(20, 2) + pixels
            let value = item(icon, length: icon.count - 24)
            return behind(element(DICOMTag(0x0088, 0x0200), "SQ", length: value.count - 24, value))
        },
        HostileFile("a sequence that says 24 bytes too many", .whole(6)) {
            let value = item(region)
            return behind(element(DICOMTag(0x0040, 0x0275), "SQ", length: value.count + 24, value))
        },
        HostileFile("a text that says 10 bytes too many", .whole(6)) {
            before(
                tagBytes(DICOMTag(0x0008, 0x0070)) + Array("LO".utf8) + little(20, 2)
                    + Array("SOMEBODY'S".utf8))
        },
        HostileFile("a text that says more than the file has", .whole(6)) {
            before(element(DICOMTag(0x0008, 0x0070), "UT", length: 1 << 30, Array("SOMEBODY".utf8)))
        },
        HostileFile("a blank value representation with a length of 16 bits", .whole(6)) {
            before(tagBytes(DICOMTag(0x0008, 0x0070)) + [0x20, 0x20] + little(8, 2) + Array("SOMEBODY".utf8))
        },
        HostileFile("an unknown value representation with a length of 16 bits", .whole(6)) {
            before(
                tagBytes(DICOMTag(0x0008, 0x0070)) + Array("XX".utf8) + little(8, 2) + Array("SOMEBODY".utf8))
        },
        HostileFile("a blank value representation in the first element", .whole(6)) {
            var file = BrokenFile()
            file.dataset = file.dataset.replacing(4..<6, with: [0x20, 0x20])
            return file.bytes
        },
        HostileFile("a broken element of the meta group", .whole(6)) {
            var file = BrokenFile()
            // The length of the version's text, the last element.
            let place = file.prefix.count - 10
            file.prefix = file.prefix.replacing(place..<place + 2, with: little(60_000, 2))
            return Array(file.bytes)
        },
        HostileFile("deflated data with the head of zlib", .whole(6)) {
            let dataset = BrokenFile.native().dataset + BrokenFile.native().pixels
            return BrokenFile(.deflated, pixels: []).prefix + [0x78, 0x9C]
                + gzip(dataset).dropFirst(10).dropLast(8)
        },
    ]

    private static let reportedFragments: [HostileFile] = [
        HostileFile("fragments without an offset table", .whole(6)) {
            let value = goodFrames.flatMap { item($0.count % 2 == 1 ? $0 + [0] : $0) } + sequenceEnd
            return BrokenFile(pixels: element(.pixelData, "OB", length: undefined, value)).bytes
        },
        HostileFile("all frames in one fragment and NumberOfFrames 1", .whole(6)) {
            BrokenFile(pixels: encapsulated([goodFrames.flatMap { $0 }])) { $0.add(.numberOfFrames, .IS, 1) }
                .bytes
        },
        HostileFile("native frames, one a fragment", .whole(6)) {
            nativeFragments(.encapsulatedUncompressed, 6)
        },
        HostileFile("native frames in one fragment", .whole(6)) {
            nativeFragments(.encapsulatedUncompressed, 1)
        },
        HostileFile("native frames in fragments of any length", .whole(6)) {
            nativeFragments(.explicitLittleEndian, 5)
        },
        HostileFile("native frames in fragments that are called JPEG", .whole(6)) {
            nativeFragments(.jpegBaseline, 6)
        },
    ]

    private static let reportedPictures: [HostileFile] = [
        HostileFile("a scan that ends at coefficient 0", .whole(6)) {
            changed { frame in
                let at = place(0xDA, in: frame) + 2 + Int(frame[place(0xDA, in: frame) + 3]) - 3 + 1
                return frame.replacing(at..<at + 2, with: [0, 0])
            }
        },
        HostileFile("an Adobe marker of transform 2", .whole(6)) {
            changed {
                $0.replacing(
                    2..<2, with: [0xFF, 0xEE, 0, 14] + Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, 2])
            }
        },
        HostileFile("a JFIF marker of revision 9", .whole(6)) {
            changed {
                $0.replacing(
                    2..<2, with: [0xFF, 0xE0, 0, 16] + Array("JFIF".utf8) + [0, 9, 9, 0, 0, 1, 0, 1, 0, 0])
            }
        },
        HostileFile("64 zeros before the end of image", .whole(6)) {
            changed { Array($0.dropLast(2)) + [UInt8](repeating: 0, count: 64) + [0xFF, 0xD9] }
        },
        HostileFile("high-throughput JPEG 2000 of 12 bits", .rejected(.unsupported)) {
            var size: [UInt8] = [0, 41, 0x40, 0] + [0, 0, 0, 48, 0, 0, 0, 32]
            size +=
                [UInt8](repeating: 0, count: 8) + [0, 0, 0, 48, 0, 0, 0, 32] + [UInt8](repeating: 0, count: 8)
            size += [0, 1, 11, 1, 1]
            let code = [0xFF, 0x4F, 0xFF, 0x51] + size + [0xFF, 0x50, 0, 6, 0, 2, 0, 0]
            return BrokenFile(.jpeg2000, pixels: encapsulated([code + [UInt8](repeating: 0, count: 60)]))
                .bytes
        },
    ]
}

/// A region that says spectral, in explicit form.
private let region =
    tagBytes(.regionSpatialFormat) + Array("US".utf8) + little(2, 2) + little(3, 2)
    + tagBytes(.regionDataType)
    + Array("US".utf8) + little(2, 2) + little(3, 2)

/// A file whose data set begins with its identifiers and then these elements.
private func before(_ elements: [UInt8]) -> [UInt8] {
    var file = BrokenFile()
    // Behind the modality.
    let modality = tagBytes(.modality) + Array("CS".utf8)
    let place = file.dataset.indices.first { file.dataset[$0...].starts(with: modality) } ?? 0
    file.dataset.insert(contentsOf: elements, at: place + 10)
    return file.bytes
}

/// A file whose data set ends with these elements.
private func behind(_ elements: [UInt8]) -> [UInt8] {
    var file = BrokenFile()
    file.dataset += elements
    return file.bytes
}

private func changed(_ change: ([UInt8]) -> [UInt8]) -> [UInt8] {
    BrokenFile(pixels: encapsulated(goodFrames.map(change))).bytes
}

/// Six native frames in so many fragments.
private func nativeFragments(_ syntax: TransferSyntax, _ count: Int) -> [UInt8] {
    let values = (0..<6 * 32 * 48 * 3).map { UInt8(truncatingIfNeeded: $0 / 7) }
    return BrokenFile(syntax, pixels: encapsulated(pieces(values, count))) {
        $0.add(.photometricInterpretation, .CS, "RGB")
    }.bytes
}
