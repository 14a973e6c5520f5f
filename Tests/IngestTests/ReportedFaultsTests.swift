// What becomes of objects that are no clips, and of clips that are cut, as rows.

import Catalog
import DICOM
import EchoCore
import Files
import Foundation
import Ingest
import Testing
import TestSupport
import Video

@Suite struct ReportedFaultsTests {
    /// A B-mode clip with some elements changed.
    private func clip(
        sopClass: String = DICOMWriter.ultrasoundMultiFrame, frames: Int = 6, said: Int? = nil,
        _ change: (inout DICOMElements) -> Void = { _ in }
    ) throws -> [UInt8] {
        let clip = TinySource.beating(frames: frames, height: 60, width: 80, seed: 3, coloured: false)
        var writer = DICOMWriter(sopClass: sopClass, sopInstance: "2.25.1", transferSyntax: .jpegBaseline)
        writer.dataset.add(.modality, .CS, "US")
        writer.dataset.add(.photometricInterpretation, .CS, "YBR_FULL_422")
        writer.dataset.add(.numberOfFrames, .IS, said ?? frames)
        change(&writer.dataset)
        writer.addPixels(frames: try JPEGEncoder(quality: 90).encode(clip), offsetTable: .empty)
        return writer.bytes()
    }

    /// The row that becomes of a file.
    private func row(_ bytes: [UInt8], keep: Set<ClipKind> = []) throws -> ClipRecord {
        try withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("source").path
            try makeFolder(source)
            try writeFile(source + "/a.dcm", bytes)
            var options = IngestOptions(
                source: source, dataset: folder.appendingPathComponent("dataset").path)
            options.jobs = 1
            options.rules.keep = keep
            _ = try ingest(options)
            return try #require(try Catalog(datasetFolder: options.dataset, readOnly: true).clip("a.dcm"))
        }
    }

    private static let standard = "1.2.840.10008.5.1.4.1.1."

    @Test(arguments: [
        ("6.2", "US", DropReason.threeD), ("12.1", "XA", .notUltrasound), ("4", "MR", .notUltrasound),
        ("20", "NM", .notUltrasound), ("66.4", "SEG", .notUltrasound), ("77.1.6", "SM", .notUltrasound),
        ("7.4", "XA", .notUltrasound), ("7.4", "US", nil), ("7", "", nil), ("3.1", "", nil),
        ("6.1", "US", nil),
    ])
    func `the kind of object comes before its pixels`(storage: String, modality: String, reason: DropReason?)
        throws
    {
        let bytes = try clip(sopClass: Self.standard + storage) { $0.add(.modality, .CS, modality) }
        let row = try row(bytes)
        #expect(row.reason == reason)
        #expect(row.kind == (reason == .notUltrasound ? nil : reason == .threeD ? .threeD : .bmode))
        if reason == .threeD { #expect(row.rule == "object" && row.tagKind == .threeD) }
    }

    @Test func `a private object of ultrasound is a volume, unless it has regions`() throws {
        for sopClass in ["1.3.46.670589.2.5.1.1", "1.2.3.4.5"] {
            #expect(try row(clip(sopClass: sopClass)).reason == .threeD)
            #expect(try row(clip(sopClass: sopClass), keep: [.threeD]).kept)
        }
        var region = DICOMElements()
        region.add(.regionSpatialFormat, .US, 1)
        region.add(.regionDataType, .US, 1)
        #expect(try row(clip(sopClass: "1.2.3.4.5") { $0.add(.ultrasoundRegions, items: [region]) }).kept)
    }

    @Test func `objects without pixels that can be read are named for what they are`() throws {
        func bare(_ sopClass: String, _ modality: String) -> [UInt8] {
            var writer = DICOMWriter(
                sopClass: sopClass, sopInstance: "2.25.1", transferSyntax: .explicitLittleEndian)
            writer.dataset.add(.modality, .CS, modality)
            return writer.bytes()
        }
        #expect(try row(bare("1.3.46.670589.2.5.1.1", "US")).reason == .threeD)
        #expect(try row(bare("1.3.46.670589.2.5.1.1", "US")).kind == .threeD)
        #expect(try row(bare(Self.standard + "88.33", "SR")).reason == .notUltrasound)
        #expect(try row(bare(DICOMWriter.ultrasoundMultiFrame, "US")).reason == .noPixels)
    }

    @Test func `a clip that salvage leaves with one frame keeps the fault's reason`() throws {
        // Cut in the second fragment, and cut before it.
        let whole = try clip()
        let second = try #require(
            whole.indices.dropLast(12).filter {
                whole[$0..<$0 + 4] == [0xFE, 0xFF, 0x00, 0xE0]
            }.dropFirst(2).first)
        for length in [second + 200, second] {
            let row = try row(Array(whole.prefix(length)))
            #expect(row.reason == .truncated && !row.kept)
            #expect(row.detail?.isEmpty == false)
        }
        #expect(try row(clip(frames: 1)).reason == .still)
        #expect(try row(clip(frames: 1), keep: [.still]).kept)
    }

    @Test func `UltrasoundColorDataPresent is stored, and proves nothing`() throws {
        #expect(try row(clip()).ultrasoundColorDataPresent == nil)
        for value in [0, 1] {
            let row = try row(clip { $0.add(.ultrasoundColorDataPresent, .US, value) })
            #expect(row.ultrasoundColorDataPresent == value && row.kept)
        }
    }

    @Test func `what was read otherwise than it says is flagged`() throws {
        let row = try row(
            clip {
                $0.add(.frameTimeVector, .DS, [0, 0, 0, 0, 0, 0])
                $0.add(.photometricInterpretation, .CS, "RGB")
            })
        #expect(row.kept && row.flags == "times-unusable colour-corrected")
    }
}
