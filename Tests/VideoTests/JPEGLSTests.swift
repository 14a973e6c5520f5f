// JPEG-LS against CharLS: every interleaving, depth and tolerance (fixtures/jpegls, made by freeze_jpegls.py).

import DICOM
import EchoCore
import Foundation
import Testing
import TestSupport
import Video

@Suite struct JPEGLSTests {
    /// A picture, its samples component by component, and its code.
    private struct Frozen {
        let name: String, height: Int, width: Int, components: Int, bits: Int
        let samples: [Int], code: [UInt8]

        static func all() throws -> [Frozen] {
            let file = Built.repository.appendingPathComponent("fixtures/jpegls/charls.csv")
            return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
                let cells = line.split(separator: ",").map(String.init)
                return Frozen(
                    name: cells[0], height: try #require(Int(cells[1])), width: try #require(Int(cells[2])),
                    components: try #require(Int(cells[3])), bits: try #require(Int(cells[4])),
                    samples: numbers(cells[5], 4), code: numbers(cells[6], 2).map { UInt8($0) })
            }
        }

        private static func numbers(_ text: String, _ digits: Int) -> [Int] {
            let letters = Array(text)
            return stride(from: 0, to: letters.count, by: digits).map {
                Int(String(letters[$0..<$0 + digits]), radix: 16) ?? -1
            }
        }
    }

    private func clip(_ code: [UInt8], _ picture: Frozen) throws -> Clip {
        try clip(.jpegLS, encapsulated([code]), picture)
    }

    /// The same samples in native form.
    private func native(_ picture: Frozen) throws -> Clip {
        let pixels = picture.samples.flatMap { little($0, picture.bits > 8 ? 2 : 1) }
        return try clip(
            .explicitLittleEndian, element(.pixelData, "OW", length: pixels.count, pixels), picture)
    }

    private func clip(_ syntax: TransferSyntax, _ pixels: [UInt8], _ picture: Frozen) throws -> Clip {
        let file = BrokenFile(syntax, pixels: pixels) {
            $0.add(.numberOfFrames, .IS, 1)
            $0.add(.samplesPerPixel, .US, picture.components)
            $0.add(.photometricInterpretation, .CS, picture.components == 1 ? "MONOCHROME2" : "RGB")
            $0.add(.planarConfiguration, .US, 1)
            $0.add(.rows, .US, picture.height)
            $0.add(.columns, .US, picture.width)
            $0.add(.bitsAllocated, .US, picture.bits > 8 ? 16 : 8)
            $0.add(.bitsStored, .US, picture.bits)
            $0.add(.highBit, .US, picture.bits - 1)
            $0.add(.windowCenter, .DS, Double(1 << (picture.bits - 1)))
            $0.add(.windowWidth, .DS, Double(1 << picture.bits))
        }
        return try openClip(file.bytes, name: "a.dcm").decode(maxFrames: nil).clip
    }

    @Test func `what CharLS codes comes back sample by sample`() throws {
        let pictures = try Frozen.all()
        #expect(pictures.count > 20)
        for picture in pictures {
            let found = try clip(picture.code, picture), right = try native(picture)
            #expect(found.height == picture.height && found.width == picture.width, "\(picture.name)")
            #expect(found.luma == right.luma, "\(picture.name)")
            #expect(
                found.chroma?.cb == right.chroma?.cb && found.chroma?.cr == right.chroma?.cr,
                "\(picture.name)")
        }
    }

    @Test func `a code that is cut or changed ends in words, not in a crash`() throws {
        let picture = try #require(try Frozen.all().last)
        for length in stride(from: 2, to: picture.code.count, by: 7) {
            #expect(throws: Rejection.self) { try clip(Array(picture.code.prefix(length)), picture) }
        }
        for place in picture.code.indices {
            var code = picture.code
            code[place] ^= 0x5A
            _ = try? clip(code, picture)
        }
    }
}
