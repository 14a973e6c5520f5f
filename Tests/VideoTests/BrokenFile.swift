// A DICOM file in parts, so that tests can break each of them.

import DICOM
import EchoCore
import Video

/// A file before it is put together: six JPEG frames of 48 × 32 pixels unless a case says otherwise.
struct BrokenFile {
    var prefix: [UInt8]
    /// Elements before the pixels.
    var dataset: [UInt8]
    /// The pixel data element.
    var pixels: [UInt8]
    /// What follows it.
    var tail: [UInt8] = []

    var bytes: [UInt8] { prefix + dataset + pixels + tail }

    /// - Parameter change: what is different in the data set.
    init(
        _ syntax: TransferSyntax = .jpegBaseline, pixels: [UInt8] = encapsulated(goodFrames),
        _ change: (inout DICOMElements) -> Void = { _ in }
    ) {
        var writer = DICOMWriter(
            sopClass: DICOMWriter.ultrasoundMultiFrame, sopInstance: "2.25.1", transferSyntax: syntax)
        writer.dataset.add(.modality, .CS, "US")
        writer.dataset.add(.samplesPerPixel, .US, 3)
        writer.dataset.add(.photometricInterpretation, .CS, "YBR_FULL_422")
        writer.dataset.add(.planarConfiguration, .US, 0)
        writer.dataset.add(.numberOfFrames, .IS, 6)
        writer.dataset.add(.rows, .US, 32)
        writer.dataset.add(.columns, .US, 48)
        writer.dataset.add(.bitsAllocated, .US, 8)
        writer.dataset.add(.bitsStored, .US, 8)
        writer.dataset.add(.highBit, .US, 7)
        change(&writer.dataset)
        prefix = writer.prefixBytes()
        dataset = writer.datasetBytes()
        self.pixels = pixels
    }

    /// Native pixels: six frames of RGB unless a case says otherwise.
    static func native(
        count: Int = 6 * 32 * 48 * 3, declared: Int? = nil, _ change: (inout DICOMElements) -> Void = { _ in }
    ) -> BrokenFile {
        let values = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let pixels = element(.pixelData, "OB", length: declared ?? count, values)
        return BrokenFile(.explicitLittleEndian, pixels: pixels) { dataset in
            dataset.add(.photometricInterpretation, .CS, "RGB")
            change(&dataset)
        }
    }
}

let goodFrames = coded(.half)

/// Six coded frames.
func coded(_ sampling: ChromaSampling?, height: Int = 32, width: Int = 48) -> [[UInt8]] {
    let clip = smoothClip(frames: 6, height: height, width: width, sampling: sampling)
    var frames: [[UInt8]] = []
    for frame in 0..<6 { frames.append((try? JPEGEncoder().encode(clip, frame: frame)) ?? []) }
    return frames
}

func little(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

func tagBytes(_ tag: DICOMTag) -> [UInt8] { little(Int(tag.group), 2) + little(Int(tag.element), 2) }

/// An explicit little endian element with a 32-bit length, whatever its representation.
func element(_ tag: DICOMTag, _ vr: String, length: Int, _ value: [UInt8]) -> [UInt8] {
    tagBytes(tag) + Array(vr.utf8) + [0, 0] + little(length, 4) + value
}

func item(_ value: [UInt8], length: Int? = nil) -> [UInt8] {
    little(0xFFFE, 2) + little(0xE000, 2) + little(length ?? value.count, 4) + value
}

let itemEnd = little(0xFFFE, 2) + little(0xE00D, 2) + little(0, 4)
let sequenceEnd = little(0xFFFE, 2) + little(0xE0DD, 2) + little(0, 4)
let undefined = 0xFFFF_FFFF

/// A pixel data element of fragments, each padded to an even length unless `pads` is false.
func encapsulated(_ fragments: [[UInt8]], table: [UInt8] = [], pads: Bool = true, ends: Bool = true)
    -> [UInt8]
{
    var value = item(table)
    for fragment in fragments {
        value += item(pads && fragment.count % 2 == 1 ? fragment + [0] : fragment)
    }
    return element(.pixelData, "OB", length: undefined, value + (ends ? sequenceEnd : []))
}

/// `bytes` cut into `count` fragments.
func pieces(_ bytes: [UInt8], _ count: Int) -> [[UInt8]] {
    let size = (bytes.count / count + 1) & ~1
    return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
}

/// Position of the first segment with this marker.
func place(_ marker: UInt8, in jpeg: [UInt8]) -> Int {
    jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == marker } ?? 0
}

extension [UInt8] {
    func replacing(_ range: Range<Int>, with bytes: [UInt8]) -> [UInt8] {
        Array(self[..<range.lowerBound]) + bytes + self[range.upperBound...]
    }

    func cut(at fraction: Double) -> [UInt8] { Array(prefix(Int(Double(count) * fraction))) }
}

extension [[UInt8]] {
    /// The frames with the one at `index` changed.
    func changing(_ index: Int, _ change: ([UInt8]) -> [UInt8]) -> [[UInt8]] {
        var out = self
        out[index] = change(out[index])
        return out
    }
}
