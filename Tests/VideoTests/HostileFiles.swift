// Every kind of broken file that is known to exist or easy to think of, with the end that it must come to.

import DICOM
import EchoCore
import Files
import Testing
import Video

/// How a file ends.
enum Ending: Equatable, CustomStringConvertible {
    case whole(Int)
    /// Kept with its first frames, and why there are no more.
    case salvaged(Int, DropReason)
    case rejected(DropReason)

    var description: String {
        switch self {
        case .whole(let frames): "whole, \(frames) frames"
        case .salvaged(let frames, let reason): "the first \(frames) frames: \(reason.rawValue)"
        case .rejected(let reason): "rejected: \(reason.rawValue)"
        }
    }
}

/// A broken file and its expected end.
struct HostileFile: Sendable, CustomTestStringConvertible {
    let name: String
    let ending: Ending
    let make: @Sendable () throws -> [UInt8]

    init(_ name: String, _ ending: Ending, _ make: @escaping @Sendable () throws -> [UInt8]) {
        self.name = name
        self.ending = ending
        self.make = make
    }

    var testDescription: String { name }

    static let all =
        notClips + truncations + fragments + counts + sizes + pictures + syntaxes + structures + meanings
        + streams + reported
}

extension HostileFile {
    static let notClips: [HostileFile] = [
        HostileFile("no bytes", .rejected(.empty)) { [] },
        HostileFile("one byte", .rejected(.notAClip)) { [8] },
        HostileFile("a page of HTML", .rejected(.notAClip)) {
            Array("<!DOCTYPE html><title>404</title>".utf8)
        },
        HostileFile("a text", .rejected(.notAClip)) {
            Array(String(repeating: "subject,study\n", count: 50).utf8)
        },
        HostileFile("a bare JPEG picture", .rejected(.notAClip)) { goodFrames[0] },
        HostileFile("a PNG picture's head", .rejected(.notAClip)) {
            [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10]
        },
        HostileFile("a gzip file", .rejected(.notAClip)) { gzip(BrokenFile().bytes) },
        HostileFile("4,096 zeros", .rejected(.notAClip)) { [UInt8](repeating: 0, count: 4096) },
        HostileFile("preamble and mark alone", .rejected(.truncated)) {
            Array(BrokenFile().prefix.prefix(132))
        },
        HostileFile("half a meta group", .rejected(.truncated)) { BrokenFile().prefix.cut(at: 0.7) },
        HostileFile("the meta group alone", .rejected(.truncated)) { BrokenFile().prefix },
        HostileFile("no preamble", .whole(6)) { Array(BrokenFile().bytes.dropFirst(132)) },
        HostileFile("no preamble and no meta group", .whole(6)) {
            BrokenFile().dataset + BrokenFile().pixels
        },
        HostileFile("no pixel data", .rejected(.noPixels)) { BrokenFile(pixels: []).bytes },
        HostileFile("pixels only in an icon", .rejected(.noPixels)) {
            let icon = element(
                DICOMTag(0x0088, 0x0200), "SQ", length: undefined,
                item(encapsulated(goodFrames)) + sequenceEnd)
            return BrokenFile(pixels: icon).bytes
        },
        HostileFile("pixels as floating point", .rejected(.noPixels)) {
            BrokenFile(pixels: element(.floatPixelData, "OF", length: 8, [UInt8](repeating: 0, count: 8)))
                .bytes
        },
    ]

    static let truncations: [HostileFile] = [
        HostileFile("cut within the data set", .rejected(.truncated)) {
            BrokenFile().prefix + BrokenFile().dataset.dropLast()
        },
        HostileFile("cut within the head of the pixel data", .rejected(.truncated)) {
            BrokenFile(pixels: Array(encapsulated(goodFrames).prefix(6))).bytes
        },
        HostileFile("cut within the offset table", .rejected(.truncated)) {
            BrokenFile(pixels: Array(encapsulated(goodFrames, table: little(0, 24)).prefix(30))).bytes
        },
        HostileFile("cut within the first fragment", .rejected(.truncated)) {
            BrokenFile(pixels: Array(encapsulated(goodFrames).prefix(300))).bytes
        },
        HostileFile("cut within the fourth fragment", .salvaged(3, .truncated)) {
            let three = encapsulated(Array(goodFrames.prefix(3)), ends: false)
            return BrokenFile(pixels: three + Array(item(goodFrames[3]).dropLast(200))).bytes
        },
        HostileFile("cut within the head of the fourth fragment", .salvaged(3, .truncated)) {
            BrokenFile(pixels: encapsulated(Array(goodFrames.prefix(3)), ends: false) + [0xFE, 0xFF, 0]).bytes
        },
        HostileFile("cut between two fragments", .salvaged(4, .truncated)) {
            BrokenFile(pixels: encapsulated(Array(goodFrames.prefix(4)), ends: false)).bytes
        },
        HostileFile("no sequence delimiter", .whole(6)) {
            BrokenFile(pixels: encapsulated(goodFrames, ends: false)).bytes
        },
        HostileFile("native pixels cut within the third frame", .salvaged(2, .truncated)) {
            BrokenFile.native(count: 2 * 4608 + 100, declared: 6 * 4608).bytes
        },
        HostileFile("native pixels cut within the first frame", .rejected(.truncated)) {
            BrokenFile.native(count: 100, declared: 6 * 4608).bytes
        },
        HostileFile("native pixels shorter than said", .salvaged(2, .truncated)) {
            BrokenFile.native(count: 2 * 4608 + 100).bytes
        },
        HostileFile("native pixels of no bytes", .rejected(.noPixels)) { BrokenFile.native(count: 0).bytes },
    ]

    static let fragments: [HostileFile] = [
        HostileFile("an offset table of wrong offsets", .whole(6)) {
            BrokenFile(pixels: encapsulated(goodFrames, table: (0..<6).flatMap { little(7 * $0 + 1, 4) }))
                .bytes
        },
        HostileFile("an offset table of offsets beyond the file", .whole(6)) {
            BrokenFile(pixels: encapsulated(goodFrames, table: (1...6).flatMap { little($0 << 24, 4) })).bytes
        },
        HostileFile("an offset table that is too short", .whole(6)) {
            BrokenFile(pixels: encapsulated(goodFrames, table: little(0, 4))).bytes
        },
        HostileFile("an offset table of an odd length", .whole(6)) {
            BrokenFile(pixels: encapsulated(goodFrames, table: [1, 2, 3])).bytes
        },
        HostileFile("an offset table of 4 GB offsets", .whole(6)) {
            BrokenFile(pixels: encapsulated(goodFrames, table: [UInt8](repeating: 255, count: 24))).bytes
        },
        HostileFile("an offset table of undefined length", .rejected(.malformed)) {
            BrokenFile(pixels: element(.pixelData, "OB", length: undefined, item([], length: undefined)))
                .bytes
        },
        HostileFile("an offset table of 2 GB", .rejected(.truncated)) {
            BrokenFile(pixels: element(.pixelData, "OB", length: undefined, item([], length: 1 << 31))).bytes
        },
        HostileFile("three fragments a frame", .whole(6)) {
            BrokenFile(pixels: encapsulated(goodFrames.flatMap { pieces($0, 3) })).bytes
        },
        HostileFile("three fragments a frame, and a table", .whole(6)) {
            let table = (0..<6).flatMap { little($0 * 2000, 4) }
            return BrokenFile(pixels: encapsulated(goodFrames.flatMap { pieces($0, 3) }, table: table)).bytes
        },
        HostileFile("fragments of two bytes", .whole(6)) {
            BrokenFile(pixels: encapsulated(goodFrames.flatMap { pieces($0, $0.count / 4) })).bytes
        },
        HostileFile("fragments of odd lengths", .whole(6)) {
            BrokenFile(
                pixels: encapsulated(goodFrames.map { $0 + ($0.count % 2 == 0 ? [0] : []) }, pads: false)
            ).bytes
        },
        HostileFile("empty fragments between the frames", .whole(6)) {
            BrokenFile(pixels: encapsulated(goodFrames.flatMap { [$0, []] })).bytes
        },
        HostileFile("an empty fragment for a frame", .salvaged(2, .undecodable)) {
            BrokenFile(pixels: encapsulated(goodFrames.changing(2) { _ in [] })).bytes
        },
        HostileFile("nothing but empty fragments", .rejected(.noPixels)) {
            BrokenFile(pixels: encapsulated(goodFrames.map { _ in [] })).bytes
        },
        HostileFile("no fragment at all", .rejected(.noPixels)) {
            BrokenFile(pixels: encapsulated([])).bytes
        },
        HostileFile("a fragment of undefined length", .salvaged(2, .malformed)) {
            let two = encapsulated(Array(goodFrames.prefix(2)), ends: false)
            return BrokenFile(pixels: two + item(goodFrames[2], length: undefined) + sequenceEnd).bytes
        },
        HostileFile("a fragment of 2 GB", .salvaged(3, .truncated)) {
            let two = encapsulated(Array(goodFrames.prefix(2)), ends: false)
            return BrokenFile(pixels: two + item(goodFrames[2], length: 1 << 31) + sequenceEnd).bytes
        },
        HostileFile("something else among the fragments", .salvaged(2, .malformed)) {
            let two = encapsulated(Array(goodFrames.prefix(2)), ends: false)
            return BrokenFile(pixels: two + [UInt8](repeating: 0x41, count: 400)).bytes
        },
        HostileFile("all frames in one fragment", .whole(6)) {
            BrokenFile(pixels: encapsulated([goodFrames.flatMap { $0 }])).bytes
        },
        HostileFile("coded frames in an element of defined length", .whole(6)) {
            let value = goodFrames.flatMap { $0 }
            return BrokenFile(pixels: element(.pixelData, "OB", length: value.count, value)).bytes
        },
        HostileFile("a second sequence delimiter", .whole(6)) {
            var file = BrokenFile()
            file.tail = sequenceEnd
            return file.bytes
        },
        HostileFile("trailing padding as the standard has it", .whole(6)) {
            var file = BrokenFile()
            file.tail = element(DICOMTag(0xFFFC, 0xFFFC), "OB", length: 64, [UInt8](repeating: 0, count: 64))
            return file.bytes
        },
        HostileFile("trailing garbage", .whole(6)) {
            var file = BrokenFile()
            file.tail = (0..<999).map { UInt8(truncatingIfNeeded: $0 * 37) }
            return file.bytes
        },
    ]

    static let counts: [HostileFile] = [
        HostileFile("NumberOfFrames 0", .whole(6)) { BrokenFile { $0.add(.numberOfFrames, .IS, 0) }.bytes },
        HostileFile("NumberOfFrames 1", .whole(6)) { BrokenFile { $0.add(.numberOfFrames, .IS, 1) }.bytes },
        HostileFile("NumberOfFrames too few", .whole(6)) {
            BrokenFile { $0.add(.numberOfFrames, .IS, 4) }.bytes
        },
        HostileFile("NumberOfFrames too many", .salvaged(6, .truncated)) {
            BrokenFile { $0.add(.numberOfFrames, .IS, 600) }.bytes
        },
        HostileFile("NumberOfFrames negative", .whole(6)) {
            BrokenFile { $0.add(.numberOfFrames, .IS, -5) }.bytes
        },
        HostileFile("NumberOfFrames a word", .whole(6)) {
            BrokenFile { $0.add(.numberOfFrames, .IS, "many") }.bytes
        },
        HostileFile("NumberOfFrames of 14 digits", .salvaged(6, .truncated)) {
            BrokenFile { $0.add(.numberOfFrames, .IS, 99_999_999_999_999) }.bytes
        },
        HostileFile("NumberOfFrames beyond any integer", .whole(6)) {
            BrokenFile { $0.add(.numberOfFrames, .IS, "1e300") }.bytes
        },
        HostileFile("NumberOfFrames empty", .whole(6)) {
            BrokenFile { $0.add(.numberOfFrames, .IS, "") }.bytes
        },
        HostileFile("native pixels for fewer frames than said", .salvaged(6, .truncated)) {
            BrokenFile.native { $0.add(.numberOfFrames, .IS, 60) }.bytes
        },
        HostileFile("native pixels for more frames than said", .whole(6)) {
            BrokenFile.native { $0.add(.numberOfFrames, .IS, 2) }.bytes
        },
    ]

    static let sizes: [HostileFile] = [
        HostileFile("JPEG frames and Rows 0", .whole(6)) { BrokenFile { $0.add(.rows, .US, 0) }.bytes },
        HostileFile("JPEG frames and 65535 × 65535", .whole(6)) {
            BrokenFile {
                $0.add(.rows, .US, 65535)
                $0.add(.columns, .US, 65535)
            }.bytes
        },
        HostileFile("native pixels and Rows 0", .rejected(.malformed)) {
            BrokenFile.native { $0.add(.rows, .US, 0) }.bytes
        },
        HostileFile("native pixels and 65535 × 65535", .rejected(.tooLarge)) {
            BrokenFile.native {
                $0.add(.rows, .US, 65535)
                $0.add(.columns, .US, 65535)
            }.bytes
        },
        HostileFile("a JPEG head of 65500 × 65500", .rejected(.tooLarge)) {
            let frames = goodFrames.map { frame in
                let at = place(0xC0, in: frame) + 5
                return frame.replacing(at..<at + 4, with: [0xFF, 0xDC, 0xFF, 0xDC])
            }
            return BrokenFile(pixels: encapsulated(frames)).bytes
        },
        HostileFile("a JPEG head of no lines", .rejected(.undecodable)) {
            let frames = goodFrames.map { frame in
                let at = place(0xC0, in: frame) + 5
                return frame.replacing(at..<at + 2, with: [0, 0])
            }
            return BrokenFile(pixels: encapsulated(frames)).bytes
        },
        HostileFile("a frame of another size", .salvaged(2, .undecodable)) {
            BrokenFile(pixels: encapsulated(goodFrames.changing(2) { _ in coded(.half, height: 64)[0] }))
                .bytes
        },
        HostileFile("a gray frame among colours", .salvaged(2, .undecodable)) {
            BrokenFile(pixels: encapsulated(goodFrames.changing(2) { _ in coded(nil)[0] })).bytes
        },
        HostileFile("4:2:0 where the tag says 422", .whole(6)) {
            BrokenFile(pixels: encapsulated(coded(.quarter))).bytes
        },
        HostileFile("4:4:4 where the tag says 422", .whole(6)) {
            BrokenFile(pixels: encapsulated(coded(.full))).bytes
        },
        HostileFile("RLE and 65535 × 65535", .rejected(.tooLarge)) {
            let frame = little(3, 4) + little(64, 4) + little(66, 4) + little(68, 4)
            let padded = frame + [UInt8](repeating: 0, count: 64 - frame.count + 6)
            return BrokenFile(.rle, pixels: encapsulated([padded])) {
                $0.add(.rows, .US, 65535)
                $0.add(.columns, .US, 65535)
            }.bytes
        },
    ]

    static let pictures: [HostileFile] = [
        HostileFile("corrupt entropy-coded data", .salvaged(2, .undecodable)) {
            let frames = goodFrames.changing(2) { frame in
                let at = place(0xDA, in: frame) + 40
                return frame.replacing(at..<at + 6, with: [0xFF, 0x00, 0xFF, 0x00, 0xFF, 0x00])
            }
            return BrokenFile(pixels: encapsulated(frames)).bytes
        },
        HostileFile("half a JPEG picture, closed properly", .salvaged(2, .undecodable)) {
            BrokenFile(pixels: encapsulated(goodFrames.changing(2) { $0.cut(at: 0.8) + [0xFF, 0xD9] })).bytes
        },
        HostileFile("half a JPEG picture", .salvaged(2, .undecodable)) {
            BrokenFile(pixels: encapsulated(goodFrames.changing(2) { $0.cut(at: 0.8) })).bytes
        },
        HostileFile("no end of image", .whole(6)) {
            BrokenFile(pixels: encapsulated(goodFrames.map { Array($0.dropLast(2)) })).bytes
        },
        HostileFile("rubbish before the end of image", .salvaged(2, .undecodable)) {
            let frames = goodFrames.changing(2) {
                Array($0.dropLast(2)) + [UInt8](repeating: 0x3C, count: 40) + [0xFF, 0xD9]
            }
            return BrokenFile(pixels: encapsulated(frames)).bytes
        },
        HostileFile("no quantisation table", .rejected(.undecodable)) {
            BrokenFile(pixels: encapsulated(goodFrames.map { without(0xDB, $0) })).bytes
        },
        HostileFile("no Huffman tables: those of the standard", .whole(6)) {
            BrokenFile(pixels: encapsulated(goodFrames.map { without(0xC4, $0) })).bytes
        },
        HostileFile("tables after the frame header", .whole(6)) {
            let frames = goodFrames.map { frame in
                let tables = segments(0xDB, frame) + segments(0xC4, frame)
                let bare = without(0xC4, without(0xDB, frame))
                let scan = place(0xDA, in: bare)
                return bare.replacing(scan..<scan, with: tables)
            }
            return BrokenFile(pixels: encapsulated(frames)).bytes
        },
        HostileFile("a frame of another JPEG process", .salvaged(2, .undecodable)) {
            let frames = goodFrames.changing(2) { frame in
                let at = place(0xC0, in: frame)
                return frame.replacing(at..<at + 2, with: [0xFF, 0xC3])
            }
            return BrokenFile(pixels: encapsulated(frames)).bytes
        },
        HostileFile("a frame without its start of image", .salvaged(2, .undecodable)) {
            BrokenFile(pixels: encapsulated(goodFrames.changing(2) { Array($0.dropFirst(2)) })).bytes
        },
        HostileFile("a first frame without its start of image", .rejected(.undecodable)) {
            BrokenFile(pixels: encapsulated(goodFrames.changing(0) { Array($0.dropFirst(2)) })).bytes
        },
        HostileFile("a comment of 60,000 bytes in each frame", .whole(6)) {
            let comment: [UInt8] = [0xFF, 0xFE, 0xEA, 0x62] + [UInt8](repeating: 0xFF, count: 60000)
            return BrokenFile(pixels: encapsulated(goodFrames.map { $0.replacing(2..<2, with: comment) }))
                .bytes
        },
        HostileFile("a comment longer than the frame", .salvaged(2, .undecodable)) {
            let frames = goodFrames.changing(2) { $0.replacing(2..<2, with: [0xFF, 0xFE, 0xFF, 0xFF]) }
            return BrokenFile(pixels: encapsulated(frames)).bytes
        },
        HostileFile("the same frame six times", .whole(6)) {
            BrokenFile(pixels: encapsulated(goodFrames.map { _ in goodFrames[0] })).bytes
        },
        HostileFile("JPEG 2000 of nothing but a start", .rejected(.undecodable)) {
            let start: [UInt8] = [0xFF, 0x4F, 0xFF, 0x51]
            return BrokenFile(.jpeg2000, pixels: encapsulated([start + [UInt8](repeating: 0, count: 200)]))
                .bytes
        },
        HostileFile("a JPEG-LS head and no data", .rejected(.undecodable)) {
            let head: [UInt8] = [
                0xFF, 0xD8, 0xFF, 0xF7, 0, 11, 8, 0, 32, 0, 48, 1, 1, 17, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0,
                0,
            ]
            return BrokenFile(.jpegLS, pixels: encapsulated([head])).bytes
        },
        HostileFile("lossless JPEG of rubbish", .rejected(.undecodable)) {
            let whole = lossless([(0..<600).map { $0 % 251 }], width: 30, bits: 8)
            let rubbish = (0..<whole.count / 4).map { UInt8(truncatingIfNeeded: $0 * 91 | 1) }
            return BrokenFile(.jpegLossless, pixels: encapsulated([whole.dropLast(rubbish.count) + rubbish]))
                .bytes
        },
        HostileFile("lossless JPEG that restarts within a line", .rejected(.unsupported)) {
            let whole = lossless([(0..<600).map { $0 % 251 }], width: 30, bits: 8, linesToRestart: 2)
            let interval = place(0xDD, in: whole) + 4
            return BrokenFile(
                .jpegLossless, pixels: encapsulated([whole.replacing(interval..<interval + 2, with: [0, 7])])
            ).bytes
        },
        HostileFile("JPEG of 12 bits that is cut", .rejected(.undecodable)) {
            let whole = extended((0..<1024).map { $0 * 3 % 4096 }, width: 32)
            return BrokenFile(.jpegExtended, pixels: encapsulated([whole.cut(at: 0.9)])).bytes
        },
        HostileFile("a JPEG head of 12 bits and 65500 × 65500", .rejected(.tooLarge)) {
            let whole = extended([Int](repeating: 0, count: 64), width: 8)
            let size = place(0xC1, in: whole) + 5
            let big = whole.replacing(size..<size + 4, with: [0xFF, 0xDC, 0xFF, 0xDC])
            return BrokenFile(.jpegExtended, pixels: encapsulated([big])).bytes
        },
        HostileFile("RLE with a wrong count of segments", .rejected(.undecodable)) {
            let head = little(2, 4) + little(64, 4) + little(70, 4) + [UInt8](repeating: 0, count: 60)
            return BrokenFile(.rle, pixels: encapsulated([head])).bytes
        },
        HostileFile("RLE segments outside of the fragment", .rejected(.undecodable)) {
            let head = little(3, 4) + little(64, 4) + little(1 << 20, 4) + little(1 << 21, 4)
            return BrokenFile(.rle, pixels: encapsulated([head + [UInt8](repeating: 0, count: 60)])).bytes
        },
        HostileFile("RLE segments that end early", .rejected(.undecodable)) {
            let head = little(3, 4) + little(64, 4) + little(66, 4) + little(68, 4)
            let frame = head + [UInt8](repeating: 0, count: 64 - head.count) + [0x81, 7, 0x81, 7, 0x81, 7]
            return BrokenFile(.rle, pixels: encapsulated([frame])).bytes
        },
    ]
}

/// All segments of a JPEG picture with this marker.
private func segments(_ marker: UInt8, _ jpeg: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    var position = 2
    while position + 4 < jpeg.count, jpeg[position + 1] != 0xDA {
        let length = 2 + Int(jpeg[position + 2]) << 8 + Int(jpeg[position + 3])
        if jpeg[position + 1] == marker { out += jpeg[position..<position + length] }
        position += length
    }
    return out
}

/// The picture without its segments of this marker.
private func without(_ marker: UInt8, _ jpeg: [UInt8]) -> [UInt8] {
    var out = Array(jpeg.prefix(2))
    var position = 2
    while position + 4 < jpeg.count, jpeg[position + 1] != 0xDA {
        let length = 2 + Int(jpeg[position + 2]) << 8 + Int(jpeg[position + 3])
        if jpeg[position + 1] != marker { out += jpeg[position..<position + length] }
        position += length
    }
    return out + jpeg[position...]
}
