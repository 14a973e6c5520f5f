// Broken files whose fault lies in the transfer syntax, the elements, what samples mean, or a video container.

import DICOM
import EchoCore
import Files
import Testing
import Video

extension HostileFile {
    static let syntaxes: [HostileFile] = [
        HostileFile("JPEG that is called JPEG 2000", .whole(6)) { BrokenFile(.jpeg2000).bytes },
        HostileFile("JPEG that is called RLE", .whole(6)) { BrokenFile(.rle).bytes },
        HostileFile("JPEG of an unknown transfer syntax", .whole(6)) {
            BrokenFile(TransferSyntax(uid: "1.2.3")).bytes
        },
        HostileFile("fragments of a native transfer syntax", .whole(6)) {
            BrokenFile(.explicitLittleEndian).bytes
        },
        HostileFile("rubbish that is called JPEG", .rejected(.undecodable)) {
            BrokenFile(pixels: encapsulated(goodFrames.map { $0.map { $0 ^ 0x5A } })).bytes
        },
        HostileFile("rubbish of an unknown transfer syntax", .rejected(.unsupported)) {
            BrokenFile(TransferSyntax(uid: "1.2.3"), pixels: encapsulated([[1, 2, 3, 4]])).bytes
        },
        HostileFile("rubbish that is called MPEG-2", .rejected(.undecodable)) {
            BrokenFile(.mpeg2, pixels: encapsulated([(0..<4000).map { UInt8(truncatingIfNeeded: $0 * 91) }]))
                .bytes
        },
        HostileFile("explicit that is called implicit", .whole(6)) {
            relabelled(BrokenFile.native(), as: .implicitLittleEndian)
        },
        HostileFile("little endian that is called big", .whole(6)) {
            relabelled(BrokenFile.native(), as: .explicitBigEndian)
        },
        HostileFile("a meta group without a transfer syntax", .whole(6)) {
            var file = BrokenFile()
            file.prefix = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
            return file.bytes
        },
        HostileFile("a transfer syntax of bytes that are no text", .whole(6)) {
            relabelled(BrokenFile(), as: TransferSyntax(uid: "\u{0}\u{7F}\u{1}\\"))
        },
        HostileFile("a wrong meta group length", .whole(6)) {
            let prefix = BrokenFile().prefix
            var file = BrokenFile()
            file.prefix = prefix.replacing(140..<144, with: little(1 << 30, 4))
            return file.bytes
        },
        HostileFile("a deflated data set", .whole(6)) {
            deflated(BrokenFile.native().dataset + BrokenFile.native().pixels)
        },
        HostileFile("a deflated data set that is cut", .rejected(.truncated)) {
            let bytes = deflated(BrokenFile.native().dataset + BrokenFile.native().pixels)
            return Array(bytes.dropLast(20))
        },
        HostileFile("a deflated data set of rubbish", .rejected(.malformed)) {
            BrokenFile(.deflated, pixels: []).prefix + [UInt8](repeating: 0xFF, count: 500)
        },
        HostileFile("a deflate bomb of 1 GiB", .rejected(.tooLarge)) {
            BrokenFile(.deflated, pixels: []).prefix + bomb(bytes: 1 << 30)
        },
    ]

    static let structures: [HostileFile] = [
        HostileFile("5,000 nested sequences", .whole(6)) {
            let open = element(DICOMTag(0x0008, 0x1140), "SQ", length: undefined, item([], length: undefined))
            let close = itemEnd + sequenceEnd
            return withElements((0..<5000).flatMap { _ in open } + (0..<5000).flatMap { _ in close })
        },
        HostileFile("5,000 nested sequences of defined length", .whole(6)) {
            var inside: [UInt8] = []
            for _ in 0..<5000 {
                let wrapped = item(inside)
                inside = element(DICOMTag(0x0008, 0x1140), "SQ", length: wrapped.count, wrapped)
            }
            return withElements(inside)
        },
        HostileFile("100,000 nested sequences that never end", .rejected(.truncated)) {
            let open = element(DICOMTag(0x0008, 0x1140), "SQ", length: undefined, item([], length: undefined))
            return BrokenFile(pixels: (0..<100_000).flatMap { _ in open }).bytes
        },
        HostileFile("a sequence without its delimiter", .whole(6)) {
            withElements(element(DICOMTag(0x0040, 0x0275), "SQ", length: undefined, item([])))
        },
        HostileFile("an item without its delimiter", .whole(6)) {
            withElements(
                element(DICOMTag(0x0040, 0x0275), "SQ", length: undefined, item([], length: undefined)))
        },
        HostileFile("an item's delimiter on its own", .whole(6)) { withElements(itemEnd) },
        HostileFile("an element of 2 GB", .whole(6)) {
            withElements(element(DICOMTag(0x0029, 0x1010), "OB", length: 1 << 31, [1, 2, 3, 4]))
        },
        HostileFile("a value representation that nobody knows", .whole(6)) {
            withElements(element(DICOMTag(0x0029, 0x1010), "ZZ", length: 4, [1, 2, 3, 4]))
        },
        HostileFile("an element without a value representation", .whole(6)) {
            withElements(tagBytes(DICOMTag(0x0029, 0x1010)) + little(4, 4) + [1, 2, 3, 4])
        },
        HostileFile("an unknown private sequence in implicit form", .whole(6)) {
            let inside = tagBytes(DICOMTag(0x0029, 0x1001)) + little(2, 4) + [1, 2]
            let nested =
                tagBytes(DICOMTag(0x0029, 0x1002)) + little(undefined, 4) + item(inside) + sequenceEnd
            let value = item(inside + nested + itemEnd, length: undefined) + sequenceEnd
            return withElements(element(DICOMTag(0x0029, 0x1010), "UN", length: undefined, value))
        },
        HostileFile("a value of an odd length", .whole(6)) {
            withElements(element(DICOMTag(0x0029, 0x1010), "OB", length: 3, [1, 2, 3]))
        },
        HostileFile("Rows after the pixels", .whole(6)) {
            var file = BrokenFile.native { $0.add(.rows, .US, 0) }
            file.tail = tagBytes(.rows) + Array("US".utf8) + little(2, 2) + little(32, 2)
            return file.bytes
        },
        HostileFile("a tag twice: the last counts", .whole(6)) {
            withElements(tagBytes(.bitsAllocated) + Array("US".utf8) + little(2, 2) + little(8, 2))
        },
        HostileFile("a million times the same tag", .whole(6)) {
            let one = tagBytes(DICOMTag(0x0029, 0x1010)) + Array("US".utf8) + little(0, 2)
            return withElements((0..<1_000_000).flatMap { _ in one })
        },
        HostileFile("200,000 different tags", .rejected(.malformed)) {
            var many: [UInt8] = []
            for index in 0..<200_000 {
                let group = UInt16(0x1001 + (index >> 16) * 2)
                many += tagBytes(DICOMTag(group, UInt16(index & 0xFFFF)))
                many += Array("US".utf8) + little(0, 2)
            }
            return withElements(many)
        },
        HostileFile("a region sequence that is cut within", .whole(6)) {
            withElements(element(.ultrasoundRegions, "SQ", length: 12, item([1, 2, 3, 4], length: 4000)))
        },
        HostileFile("region corners that are not there", .whole(6)) {
            let format = tagBytes(.regionSpatialFormat) + Array("US".utf8) + little(2, 2) + little(1, 2)
            let value = item(format)
            return withElements(element(.ultrasoundRegions, "SQ", length: value.count, value))
        },
        HostileFile("region corners beyond any picture", .whole(6)) {
            var value: [UInt8] = []
            for tag in [DICOMTag.regionSpatialFormat, .regionDataType] {
                value += tagBytes(tag) + Array("US".utf8) + little(2, 2) + little(1, 2)
            }
            value += element(.regionMinX, "SV", length: 8, little(Int.min, 8))
            value += element(.regionMaxX, "SV", length: 8, little(Int.max, 8))
            return withElements(element(.ultrasoundRegions, "SQ", length: value.count + 8, item(value)))
        },
        HostileFile("1,200,000 empty fragments", .rejected(.malformed)) {
            BrokenFile(pixels: encapsulated([[UInt8]](repeating: [], count: 1_200_000))).bytes
        },
        HostileFile("FrameTime 0 and no number", .whole(6)) {
            BrokenFile { $0.add(.frameTime, .DS, "0\\soon") }.bytes
        },
    ]

    static let meanings: [HostileFile] = [
        HostileFile("1 bit a sample", .rejected(.unsupported)) {
            BrokenFile.native { $0.add(.bitsAllocated, .US, 1) }.bytes
        },
        HostileFile("32 bits a sample", .rejected(.unsupported)) {
            BrokenFile.native { $0.add(.bitsAllocated, .US, 32) }.bytes
        },
        HostileFile("0 bits a sample", .rejected(.unsupported)) {
            BrokenFile.native { $0.add(.bitsAllocated, .US, 0) }.bytes
        },
        HostileFile("77 bits stored, the highest 99", .whole(6)) {
            BrokenFile.native {
                $0.add(.bitsStored, .US, 77)
                $0.add(.highBit, .US, 99)
            }.bytes
        },
        HostileFile("2 samples a pixel", .rejected(.unsupported)) {
            BrokenFile.native { $0.add(.samplesPerPixel, .US, 2) }.bytes
        },
        HostileFile("HSV", .rejected(.unsupported)) {
            BrokenFile.native { $0.add(.photometricInterpretation, .CS, "HSV") }.bytes
        },
        HostileFile("native YBR of limited range, long retired", .rejected(.unsupported)) {
            BrokenFile.native { $0.add(.photometricInterpretation, .CS, "YBR_PARTIAL_422") }.bytes
        },
        HostileFile("JPEG of an unknown photometric interpretation", .whole(6)) {
            BrokenFile { $0.add(.photometricInterpretation, .CS, "\u{1}??") }.bytes
        },
        HostileFile("planar configuration 7", .whole(6)) {
            BrokenFile.native { $0.add(.planarConfiguration, .US, 7) }.bytes
        },
        HostileFile("YBR_FULL_422 with whole chroma", .whole(6)) {
            BrokenFile.native { $0.add(.photometricInterpretation, .CS, "YBR_FULL_422") }.bytes
        },
        HostileFile("16 bits without a window", .rejected(.unsupported)) { gray16 { _ in }.bytes },
        HostileFile("16 bits with a window", .whole(3)) {
            gray16 {
                $0.add(.windowCenter, .DS, 2048)
                $0.add(.windowWidth, .DS, 4096)
            }.bytes
        },
        HostileFile("a window of no width", .rejected(.unsupported)) {
            gray16 {
                $0.add(.windowCenter, .DS, 2048)
                $0.add(.windowWidth, .DS, 0)
            }.bytes
        },
        HostileFile("a window of words", .rejected(.unsupported)) {
            gray16 {
                $0.add(.windowCenter, .DS, "bone")
                $0.add(.windowWidth, .DS, "nan")
            }.bytes
        },
        HostileFile("a rescale slope that is not a number", .whole(3)) {
            gray16 {
                $0.add(.windowCenter, .DS, 2048)
                $0.add(.windowWidth, .DS, 4096)
                $0.add(.rescaleSlope, .FD, [.nan])
                $0.add(.rescaleIntercept, .FD, [.infinity])
            }.bytes
        },
        HostileFile("a palette in segments at negative places", .rejected(.malformed)) {
            palette { dataset in
                for tag in [DICOMTag.redPaletteDescriptor, .greenPaletteDescriptor, .bluePaletteDescriptor] {
                    dataset.add(tag, .US, 256, 0, 16)
                }
                for tag in [DICOMTag.redPaletteSegments, .greenPaletteSegments, .bluePaletteSegments] {
                    dataset.add(tag, .IS, 2, 1, -6, -6, 0, 0)
                }
            }.bytes
        },
        HostileFile("a palette without tables", .rejected(.malformed)) { palette { _ in }.bytes },
        HostileFile("a palette shorter than it says", .rejected(.malformed)) {
            palette { add(to: &$0, words: 16, said: 256) }.bytes
        },
        HostileFile("a palette of 16 bits", .whole(18)) {
            palette { add(to: &$0, words: 256, said: 256) }.bytes
        },
        HostileFile("a palette that begins at 65,535", .whole(18)) {
            palette { add(to: &$0, words: 256, said: 256, first: 65535) }.bytes
        },
        HostileFile("a palette in segments that repeat themselves", .rejected(.malformed)) {
            palette { dataset in
                for tag in [DICOMTag.redPaletteDescriptor, .greenPaletteDescriptor, .bluePaletteDescriptor] {
                    dataset.add(tag, .US, 256, 0, 16)
                }
                for tag in [DICOMTag.redPaletteSegments, .greenPaletteSegments, .bluePaletteSegments] {
                    dataset.add(tag, .OW, 2, 9, 0, 0, 2, 9, 0, 0)
                }
            }.bytes
        },
    ]

    static let streams: [HostileFile] = [
        HostileFile("a RIFF file that is sound", .rejected(.notAClip)) { Array("RIFF....WAVEfmt ".utf8) },
        HostileFile("an AVI head and no more", .rejected(.undecodable)) { Array("RIFF....AVI LIST".utf8) },
        HostileFile("an AVI file", .whole(6)) { try video(.avi) },
        HostileFile("an AVI file cut in the middle of its frames", .salvaged(3, .truncated)) {
            let bytes = try video(.avi)
            return Array(bytes.prefix(places("00dc", bytes)[4] - 40))
        },
        HostileFile("an AVI file without its index", .whole(6)) {
            let bytes = try video(.avi)
            return Array(bytes.prefix(places("idx1", bytes)[0]))
        },
        HostileFile("an AVI file of raw pictures that are cut", .rejected(.truncated)) {
            var bytes = try video(.avi)
            // From the head of the format: width, height, planes, bits of a pixel and the code, which 0 is none.
            let head = try #require(bytes.firstRange(of: Array("strf".utf8))).upperBound + 4
            bytes.replaceSubrange(
                head + 4..<head + 20,
                with: little(327_728, 4) + little(32, 4) + little(1, 2) + little(2, 2) + little(0, 4))
            return bytes
        },
        HostileFile("an MP4 file", .whole(6)) { try video(.mp4) },
        HostileFile("an MP4 file without its index", .rejected(.undecodable)) {
            try video(.mp4).cut(at: 0.5)
        },
        HostileFile("an MP4 head and rubbish", .rejected(.undecodable)) {
            little(0x2000_0000, 4) + Array("ftypisom".utf8)
                + (0..<4000).map { UInt8(truncatingIfNeeded: $0 * 57) }
        },
        HostileFile("an MP4 file of zeros after its head", .rejected(.undecodable)) {
            let bytes = try video(.mp4)
            return Array(bytes.prefix(48)) + [UInt8](repeating: 0, count: bytes.count)
        },
    ]
}

private func withElements(_ bytes: [UInt8]) -> [UInt8] {
    var file = BrokenFile()
    file.dataset += bytes
    return file.bytes
}

/// The file with another transfer syntax in its meta group, its data set as it is.
private func relabelled(_ file: BrokenFile, as syntax: TransferSyntax) -> [UInt8] {
    var file = file
    file.prefix = BrokenFile(syntax).prefix
    return file.bytes
}

private func deflated(_ dataset: [UInt8]) -> [UInt8] {
    // gzip's 10 bytes of head and 8 of tail go.
    BrokenFile(.deflated, pixels: []).prefix + gzip(dataset).dropFirst(10).dropLast(8)
}

/// A deflate stream of that many zeros, of 13 bits for 258 of them.
private func bomb(bytes count: Int) -> [UInt8] {
    var out: [UInt8] = []
    var bits: UInt64 = 0
    var held: UInt64 = 0
    func put(_ value: UInt64, _ width: UInt64) {
        bits |= value << held
        held += width
        while held >= 8 {
            out.append(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
            held -= 8
        }
    }
    put(0b011, 3)  // the last block, by the fixed codes
    put(0b0000_1100, 8)  // a zero
    // Length 258 (code 285: 11000101 from its first bit on), distance 1 (00000).
    for _ in 0..<count / 258 { put(0b0_0000_1010_0011, 13) }
    put(0, 7)
    return out
}

private func gray16(_ change: (inout DICOMElements) -> Void) -> BrokenFile {
    BrokenFile.native(count: 3 * 32 * 48 * 2) {
        $0.add(.numberOfFrames, .IS, 3)
        $0.add(.samplesPerPixel, .US, 1)
        $0.add(.photometricInterpretation, .CS, "MONOCHROME2")
        $0.add(.bitsAllocated, .US, 16)
        $0.add(.bitsStored, .US, 12)
        $0.add(.highBit, .US, 11)
        change(&$0)
    }
}

private func palette(_ change: (inout DICOMElements) -> Void) -> BrokenFile {
    BrokenFile.native {
        $0.add(.numberOfFrames, .IS, 18)
        $0.add(.samplesPerPixel, .US, 1)
        $0.add(.photometricInterpretation, .CS, "PALETTE COLOR")
        change(&$0)
    }
}

private func add(to dataset: inout DICOMElements, words: Int, said: Int, first: Int = 0) {
    for tag in [DICOMTag.redPaletteDescriptor, .greenPaletteDescriptor, .bluePaletteDescriptor] {
        dataset.add(tag, .US, said, first, 16)
    }
    for tag in [DICOMTag.redPaletteData, .greenPaletteData, .bluePaletteData] {
        dataset.add(tag, .OW, bytes: (0..<words).flatMap { little($0 << 8, 2) })
    }
}

/// Positions of a chunk's name behind the beginning of the frames.
private func places(_ name: String, _ bytes: [UInt8]) -> [Int] {
    let all = bytes.indices.dropLast(4)
    let start = all.first { bytes[$0..<$0 + 4].elementsEqual("movi".utf8) } ?? 0
    return all.filter { $0 > start && bytes[$0..<$0 + 4].elementsEqual(name.utf8) }
}

private func video(_ format: VideoEncoder.Format) throws -> [UInt8] {
    try VideoEncoder(format).encode(smoothClip(frames: 6, height: 32, width: 48, sampling: .quarter))
}
