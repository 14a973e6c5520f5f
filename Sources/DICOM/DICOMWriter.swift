// Writes DICOM Part 10 files: the synthetic cohort's clips, and the files that tests break.

/// A DICOM file to be written; the same elements give the same bytes.
///
///     var file = DICOMWriter(sopClass: DICOMWriter.ultrasoundMultiFrame, sopInstance: "2.25.1",
///         transferSyntax: .jpegBaseline)
///     file.dataset.add(.modality, .CS, "US")
///     file.dataset.add(.rows, .US, 708)
///     file.addPixels(frames: jpegs, offsetTable: .empty)
///     try writeFile(path, file.bytes())
package struct DICOMWriter: Sendable {
    /// Ultrasound Multi-frame Image Storage.
    package static let ultrasoundMultiFrame = "1.2.840.10008.5.1.4.1.1.3.1"
    /// Ultrasound Image Storage.
    package static let ultrasound = "1.2.840.10008.5.1.4.1.1.6.1"

    /// What the basic offset table of encapsulated pixel data holds.
    package enum OffsetTable: Sendable { case empty, full }

    package let transferSyntax: TransferSyntax
    /// The file meta group, but for its length.
    package var meta = DICOMElements()
    package var dataset = DICOMElements()

    package init(sopClass: String, sopInstance: String, transferSyntax: TransferSyntax) {
        self.transferSyntax = transferSyntax
        meta.add(.metaVersion, .OB, bytes: [0, 1])
        meta.add(.mediaStorageSOPClass, .UI, sopClass)
        meta.add(.mediaStorageSOPInstance, .UI, sopInstance)
        meta.add(.transferSyntax, .UI, transferSyntax.uid)
        meta.add(.implementationClass, .UI, "2.25.190836612487341982")
        meta.add(.implementationVersion, .SH, "ECHOPREP")
        dataset.add(.sopClass, .UI, sopClass)
        dataset.add(.sopInstance, .UI, sopInstance)
    }

    /// Adds encapsulated pixel data.
    /// - Parameter frames: coded frames, each of which becomes a fragment.
    package mutating func addPixels(frames: [[UInt8]], offsetTable: OffsetTable) {
        var table: [UInt32] = []
        var offset = 0
        for frame in frames where offsetTable == .full {
            table.append(UInt32(offset))
            offset += 8 + frame.count + frame.count % 2
        }
        dataset.addFragments(table: table, frames)
    }

    /// Adds encapsulated pixel data whose fragments and offset table are given as they shall stand.
    package mutating func addPixels(fragments: [[UInt8]], table: [UInt32]) {
        dataset.addFragments(table: table, fragments)
    }

    /// Adds native pixel data: the bytes of all frames as the syntax wants them.
    package mutating func addPixels(native bytes: [UInt8], bitsAllocated: Int = 8) {
        dataset.add(.pixelData, bitsAllocated > 8 || transferSyntax.isImplicit ? .OW : .OB, bytes: bytes)
    }

    /// The data set alone, as a file without preamble and meta group holds it.
    package func datasetBytes() -> [UInt8] {
        var out: [UInt8] = []
        dataset.write(
            isImplicit: transferSyntax.isImplicit, isBigEndian: transferSyntax.isBigEndian, to: &out)
        return out
    }

    /// Preamble, mark and meta group.
    package func prefixBytes() -> [UInt8] {
        var group: [UInt8] = []
        meta.write(isImplicit: false, isBigEndian: false, to: &group)
        var length = DICOMElements()
        length.add(.metaGroupLength, .UL, group.count)
        var out = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
        length.write(isImplicit: false, isBigEndian: false, to: &out)
        return out + group
    }

    /// The whole file. A deflated syntax is written by who deflates `datasetBytes()`.
    package func bytes() -> [UInt8] { prefixBytes() + datasetBytes() }
}
