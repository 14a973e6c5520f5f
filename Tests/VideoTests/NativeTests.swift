import DICOM
import EchoCore
import Testing
import Video

@Suite struct NativeTests {
    /// Six pixels in two rows, and what JPEG's matrix makes of them, worked out by hand from T.871's equations.
    private let colours: [(r: UInt8, g: UInt8, b: UInt8)] = [
        (0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (90, 90, 90),
    ]
    private let luma: [UInt8] = [0, 255, 76, 150, 29, 90]
    private let cb: [UInt8] = [128, 128, 85, 44, 255, 128]
    private let cr: [UInt8] = [128, 128, 255, 21, 107, 128]

    @Test(arguments: [0, 1])
    func `RGB becomes YCbCr by JPEG's matrix in both planar configurations`(planar: Int) throws {
        let pixels =
            planar == 0
            ? colours.flatMap { [$0.r, $0.g, $0.b] } : colours.map(\.r) + colours.map(\.g) + colours.map(\.b)
        let clip = try decode(pixels, samples: 3, "RGB") { $0.add(.planarConfiguration, .US, planar) }
        #expect(clip.luma == luma)
        #expect(clip.chroma?.cb == cb)
        #expect(clip.chroma?.cr == cr)
        #expect(clip.chroma?.sampling == .full)
    }

    @Test func `YBR_FULL_422 keeps its halved chroma`() throws {
        let clip = try decode(
            [10, 20, 1, 2, 30, 40, 3, 4, 50, 60, 5, 6, 70, 80, 7, 8], samples: 3, "YBR_FULL_422", rows: 2,
            columns: 4)
        #expect(clip.luma == [10, 20, 30, 40, 50, 60, 70, 80])
        #expect(clip.chroma?.sampling == .half)
        #expect(clip.chroma?.cb == [1, 3, 5, 7])
        #expect(clip.chroma?.cr == [2, 4, 6, 8])
    }

    @Test func `gray is as it is, and MONOCHROME1 is turned over`() throws {
        #expect(
            try decode([0, 1, 2, 253, 254, 255], samples: 1, "MONOCHROME2").luma == [0, 1, 2, 253, 254, 255])
        let inverted = try decode([0, 1, 2, 253, 254, 255], samples: 1, "MONOCHROME1")
        #expect(inverted.luma == [255, 254, 253, 2, 1, 0])
        #expect(inverted.chroma == nil)
    }

    @Test(arguments: [TransferSyntax.explicitLittleEndian, .explicitBigEndian])
    func `16 bits are scaled by the window`(syntax: TransferSyntax) throws {
        // Centre 100.5 and width 101 send 50 to 0 and 150 to 255; the upper bits are an overlay.
        let values = [0, 50, 100, 110, 150, 0xF000 + 4095]
        let pixels = values.flatMap { value in
            let bytes = little(value, 2)
            return syntax.isBigEndian ? bytes.reversed() : bytes
        }
        let clip = try decode(pixels, samples: 1, "MONOCHROME2", syntax) {
            $0.add(.bitsAllocated, .US, 16)
            $0.add(.bitsStored, .US, 12)
            $0.add(.highBit, .US, 11)
            $0.add(.windowCenter, .DS, [100.5, 7])
            $0.add(.windowWidth, .DS, [101, 7])
        }
        #expect(clip.luma == [0, 0, 128, 153, 255, 255])
    }

    @Test(arguments: [8, 16])
    func `palettes of both depths give their colours`(bits: Int) throws {
        let clip = try decode([0, 1, 2, 3, 4, 5], samples: 1, "PALETTE COLOR") { dataset in
            let tables: [(DICOMTag, DICOMTag, [UInt8])] = [
                (.redPaletteDescriptor, .redPaletteData, colours.map(\.r)),
                (.greenPaletteDescriptor, .greenPaletteData, colours.map(\.g)),
                (.bluePaletteDescriptor, .bluePaletteData, colours.map(\.b)),
            ]
            for (descriptor, data, values) in tables {
                dataset.add(descriptor, .US, 6, 0, bits)
                dataset.add(data, .OW, bytes: bits == 8 ? values : values.flatMap { [0x12, $0] })
            }
        }
        #expect(clip.luma == luma)
        #expect(clip.chroma?.cb == cb)
        #expect(clip.chroma?.cr == cr)
    }

    @Test func `runs and literals are unpacked`() throws {
        // The example of Apple's technical note 1023, which describes PackBits.
        let packed: [UInt8] = [
            0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA,
        ]
        let unpacked: [UInt8] = [
            0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0x22, 0xAA, 0xAA,
            0xAA, 0xAA,
            0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA,
        ]
        let head = little(1, 4) + little(64, 4) + [UInt8](repeating: 0, count: 56)
        let file = BrokenFile(.rle, pixels: encapsulated([head + packed])) {
            describe(&$0, samples: 1, "MONOCHROME2", rows: 4, columns: 6)
        }
        let decoded = try openClip(file.bytes, name: "a.dcm").decode(maxFrames: nil)
        #expect(decoded.clip.luma == unpacked)
        #expect(decoded.salvaged == nil)
    }

    @Test func `RLE of colours equals the same pixels in native form`() throws {
        let file = BrokenFile(.rle, pixels: encapsulated(runLengthFrames)) {
            $0.add(.photometricInterpretation, .CS, "RGB")
        }
        var pixels: [UInt8] = []
        for frame in 0..<6 {
            for index in 0..<32 * 48 {
                let (row, column) = (index / 48, index % 48)
                for c in 0..<3 { pixels.append(UInt8(column < 24 ? row + c + frame : (column - 24) * 3 + c)) }
            }
        }
        let native = try decode(pixels, samples: 3, "RGB", rows: 32, columns: 48)
        let decoded = try openClip(file.bytes, name: "a.dcm").decode(maxFrames: nil).clip
        #expect(decoded.luma == native.luma)
        #expect(decoded.chroma?.cb == native.chroma?.cb)
    }
}

private func describe(
    _ dataset: inout DICOMElements, samples: Int, _ photometric: String, rows: Int, columns: Int,
    frames: Int = 1
) {
    dataset.add(.samplesPerPixel, .US, samples)
    dataset.add(.photometricInterpretation, .CS, photometric)
    dataset.add(.rows, .US, rows)
    dataset.add(.columns, .US, columns)
    dataset.add(.numberOfFrames, .IS, frames)
}

/// The clip of native pixels.
private func decode(
    _ pixels: [UInt8], samples: Int, _ photometric: String, _ syntax: TransferSyntax = .explicitLittleEndian,
    rows: Int = 2, columns: Int = 3, _ change: (inout DICOMElements) -> Void = { _ in }
) throws -> Clip {
    var writer = DICOMWriter(sopClass: DICOMWriter.ultrasound, sopInstance: "2.25.1", transferSyntax: syntax)
    describe(&writer.dataset, samples: samples, photometric, rows: rows, columns: columns)
    writer.dataset.add(.bitsAllocated, .US, 8)
    change(&writer.dataset)
    // One-byte pixels stand in bytes, two-byte ones in words.
    let isWide = pixels.count == rows * columns * samples * 2 && photometric != "YBR_FULL_422"
    if photometric != "YBR_FULL_422", !isWide {
        writer.dataset.add(.numberOfFrames, .IS, pixels.count / (rows * columns * samples))
    }
    writer.addPixels(native: pixels, bitsAllocated: isWide ? 16 : 8)
    return try openClip(writer.bytes(), name: "a.dcm").decode(maxFrames: nil).clip
}
