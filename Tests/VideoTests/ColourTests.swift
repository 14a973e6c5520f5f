// Colour is read from the pixels where the tag contradicts them, and the correction is told.

import DICOM
import EchoCore
import Testing
import Video

@Suite struct ColourTests {
    /// A gray picture on black with a coloured patch, component by component.
    private struct Picture {
        let height = 40, width = 48
        let rgb: [[UInt8]]

        init() {
            var rgb = [[UInt8]](repeating: [], count: 3)
            for y in 0..<40 {
                for x in 0..<48 {
                    let gray =
                        (8..<32).contains(y) && (8..<40).contains(x) ? UInt8(40 + (x * 37 + y * 91) % 200) : 0
                    let isPatch = (20..<28).contains(y) && (20..<28).contains(x)
                    for c in 0..<3 { rgb[c].append(isPatch ? [220, 40, 30][c] : gray) }
                }
            }
            self.rgb = rgb
        }
    }

    private func file(
        _ planes: [[UInt8]], _ photometric: String, frames: Int = 3, planar: Int = 0,
        _ change: (inout DICOMElements) -> Void = { _ in }
    ) -> [UInt8] {
        let frame =
            planar == 1
            ? planes.flatMap { $0 } : planes[0].indices.flatMap { at in planes.map { $0[at] } }
        let pixels = (0..<frames).flatMap { _ in frame }
        return BrokenFile(
            .explicitLittleEndian, pixels: element(.pixelData, "OB", length: pixels.count, pixels)
        ) {
            $0.add(.photometricInterpretation, .CS, photometric)
            $0.add(.planarConfiguration, .US, planar)
            $0.add(.numberOfFrames, .IS, frames)
            $0.add(.rows, .US, 40)
            $0.add(.columns, .US, 48)
            change(&$0)
        }.bytes
    }

    private func decode(_ bytes: [UInt8]) throws -> DecodedClip {
        try openClip(bytes, name: "a.dcm").decode(maxFrames: nil)
    }

    /// The picture in Y, Cb, Cr by JPEG's matrix.
    private func yCbCr() throws -> [[UInt8]] {
        let clip = try decode(file(Picture().rgb, "RGB", frames: 1)).clip
        return [clip.luma, try #require(clip.chroma).cb, try #require(clip.chroma).cr]
    }

    @Test(arguments: ["RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT"], [true, false])
    func `native pixels are what they look like, whatever the tag says`(
        tag: String, isRGB: Bool
    ) throws {
        let right = try decode(file(Picture().rgb, "RGB"))
        #expect(right.flags.isEmpty)
        for planar in 0...1 {
            let found = try decode(file(isRGB ? Picture().rgb : yCbCr(), tag, planar: planar))
            #expect(found.clip.luma == right.clip.luma)
            #expect(found.clip.chroma?.cb == right.clip.chroma?.cb)
            #expect(found.clip.chroma?.cr == right.clip.chroma?.cr)
            let isRight = isRGB == ["RGB", "YBR_ICT"].contains(tag)
            #expect(found.flags == (isRight ? [] : ["colour-corrected"]))
        }
    }

    @Test(arguments: ["RGB", "YBR_FULL_422"], [true, false])
    func `JPEG of whole chroma without a marker is what it looks like`(tag: String, isRGB: Bool) throws {
        let planes = isRGB ? Picture().rgb : try yCbCr()
        let clip = Clip(
            frames: 1, height: 40, width: 48, luma: planes[0],
            chroma: .init(sampling: .full, cb: planes[1], cr: planes[2]))
        let frame = try JPEGEncoder(quality: 100).encode(clip, frame: 0)
        let bytes = BrokenFile(pixels: encapsulated([frame, frame])) {
            $0.add(.photometricInterpretation, .CS, tag)
            $0.add(.numberOfFrames, .IS, 2)
        }.bytes
        let found = try decode(bytes), right = try decode(file(Picture().rgb, "RGB", frames: 2))
        #expect(worst(found.clip.luma, right.clip.luma) <= 4)
        #expect(worst(found.clip.chroma?.cr ?? [], right.clip.chroma?.cr ?? []) <= 4)
        #expect(found.flags == (isRGB == (tag == "RGB") ? [] : ["colour-corrected"]))
    }

    @Test func `the tag holds where pixels say nothing: a whole picture in one colour`() throws {
        let planes = [200, 40, 90].map { [UInt8](repeating: $0, count: 40 * 48) }
        let asRGB = try decode(file(planes, "RGB")), asYCbCr = try decode(file(planes, "YBR_FULL"))
        #expect(asRGB.flags.isEmpty && asYCbCr.flags.isEmpty)
        #expect(asYCbCr.clip.luma[0] == 200 && asRGB.clip.luma[0] != 200)
    }

    @Test func `a tinted map is a tint, since its black has no colour`() throws {
        let gray = Picture().rgb[1]
        let planes = [gray, gray.map { UInt8(Int($0) * 9 / 10) }, gray.map { UInt8(Int($0) * 7 / 10) }]
        #expect(try decode(file(planes, "RGB")).flags.isEmpty)
        let tinted = try decode(file(planes, "RGB")).clip
        let yCbCr = [tinted.luma, tinted.chroma?.cb ?? [], tinted.chroma?.cr ?? []].map {
            Array($0.prefix(40 * 48))
        }
        #expect(try decode(file(yCbCr, "RGB")).clip.luma == tinted.luma)
        #expect(try decode(file(yCbCr, "RGB")).flags == ["colour-corrected"])
        #expect(try decode(file(yCbCr, "YBR_FULL")).flags.isEmpty)
    }

    @Test(arguments: ["RGB", "YBR_FULL"]) func `as many bytes as 4:2:2 has are 4:2:2`(tag: String) throws {
        let pixels: [UInt8] = [10, 20, 1, 2, 30, 40, 3, 4, 50, 60, 5, 6, 70, 80, 7, 8]
        let bytes = BrokenFile(.explicitLittleEndian, pixels: element(.pixelData, "OB", length: 16, pixels)) {
            $0.add(.photometricInterpretation, .CS, tag)
            $0.add(.numberOfFrames, .IS, 1)
            $0.add(.rows, .US, 2)
            $0.add(.columns, .US, 4)
        }.bytes
        let clip = try decode(bytes).clip
        #expect(clip.luma == [10, 20, 30, 40, 50, 60, 70, 80])
        #expect(clip.chroma?.sampling == .half && clip.chroma?.cr == [2, 4, 6, 8])
    }

    /// Six entries: what the descriptor says, bytes of an entry in the table, and how far left the colours stand there.
    @Test(arguments: [(8, 2, 8), (8, 2, 0), (16, 2, 8), (16, 1, 0), (12, 2, 4)])
    func `a palette's depth is what its words have`(said: Int, bytes: Int, shift: Int) throws {
        let levels = [0, 50, 100, 150, 200, 250]
        let file = BrokenFile(
            .explicitLittleEndian, pixels: element(.pixelData, "OB", length: 6, [0, 1, 2, 3, 4, 5])
        ) {
            $0.add(.samplesPerPixel, .US, 1)
            $0.add(.photometricInterpretation, .CS, "PALETTE COLOR")
            $0.add(.numberOfFrames, .IS, 1)
            $0.add(.rows, .US, 2)
            $0.add(.columns, .US, 3)
            for (descriptor, data) in [
                (DICOMTag.redPaletteDescriptor, DICOMTag.redPaletteData),
                (.greenPaletteDescriptor, .greenPaletteData), (.bluePaletteDescriptor, .bluePaletteData),
            ] {
                $0.add(descriptor, .US, 6, 0, said)
                $0.add(data, .OW, bytes: levels.flatMap { little($0 << shift, bytes) })
            }
        }
        #expect(try decode(file.bytes).clip.luma == levels.map { UInt8($0) })
    }

    @Test(arguments: [1, 4, 5, 7]) func `samples of fewer than 8 bits take the whole range`(bits: Int) throws
    {
        let top = 1 << bits - 1
        let values = [0, top / 2, top, 0, top, 0].map { UInt8($0) }
        let file = BrokenFile(.explicitLittleEndian, pixels: element(.pixelData, "OB", length: 6, values)) {
            $0.add(.samplesPerPixel, .US, 1)
            $0.add(.photometricInterpretation, .CS, "MONOCHROME2")
            $0.add(.bitsStored, .US, bits)
            $0.add(.highBit, .US, bits - 1)
            $0.add(.numberOfFrames, .IS, 1)
            $0.add(.rows, .US, 2)
            $0.add(.columns, .US, 3)
        }
        let luma = try decode(file.bytes).clip.luma
        #expect(luma[0] == 0 && luma[2] == 255 && luma[4] == 255)
        #expect(abs(Int(luma[1]) - top / 2 * 255 / top) <= 1)
    }
}
