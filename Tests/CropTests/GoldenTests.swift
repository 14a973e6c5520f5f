// OpenCV's own masks and pixels of a dozen small clips; Tests/Oracles/peers/freeze_crop.py writes them.

import Crop
import EchoCore
import Files
import Foundation
import Testing
import TestSupport

@Suite struct GoldenTests {
    private struct Fixture: Decodable {
        let frames: Int, height: Int, width: Int, sampling: String
        let y: Data, cb: Data, cr: Data
        let mask: [Int]
        let size: Int
        let luma: Data, bgr: Data

        func samples(_ data: Data, _ count: Int) throws -> [UInt8] {
            let samples = try inflateRaw(data, upTo: count)
            try #require(samples.count == count)
            return samples
        }

        var clip: Clip {
            get throws {
                let sampling = try #require(ChromaSampling(rawValue: sampling))
                let plane = frames * sampling.rows(height) * sampling.columns(width)
                return Clip(
                    frames: frames, height: height, width: width,
                    luma: try samples(y, frames * height * width),
                    chroma: Clip.Chroma(
                        sampling: sampling, cb: try samples(cb, plane), cr: try samples(cr, plane)))
            }
        }

        /// The runs of outside and inside as a mask.
        var inside: [UInt8] {
            mask.enumerated().flatMap { [UInt8](repeating: $0.offset % 2 == 0 ? 0 : 255, count: $0.element) }
        }
    }

    @Test(arguments: 0..<12) func `the mask and the pixels are OpenCV's`(number: Int) throws {
        let name = String(format: "fixtures/crop/clip-%02d.json", number)
        let file = Built.repository.appendingPathComponent(name)
        let fixture = try JSONDecoder().decode(Fixture.self, from: try Data(contentsOf: file))
        let clip = try fixture.clip
        let mask = try sectorMask(of: clip)
        #expect(mask.inside == fixture.inside)

        let box = try cropBox(height: clip.height, width: clip.width, rule: .echoprime, mask: mask)
        let count = fixture.frames * fixture.size * fixture.size
        for (layout, expected) in [
            (PixelLayout.luma, try fixture.samples(fixture.luma, count)),
            (.echoprime, try fixture.samples(fixture.bgr, 3 * count)),
        ] {
            let pixels = croppedPixels(of: clip, mask: mask, box: box, pixels: layout, size: fixture.size)
            let differences = zip(pixels, expected).filter { $0 != $1 }
            #expect(differences.allSatisfy { abs(Int($0) - Int($1)) <= 1 })
            #expect(Double(differences.count) <= 0.001 * Double(expected.count))
        }
    }
}
