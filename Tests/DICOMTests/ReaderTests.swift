import DICOM
import EchoCore
import Testing

@Suite struct ReaderTests {
    @Test(arguments: [
        TransferSyntax.implicitLittleEndian, .explicitLittleEndian, .explicitBigEndian,
    ])
    func `what is written is read back in every plain encoding`(syntax: TransferSyntax) throws {
        let file = try DICOMFile(bytes: sample(syntax).bytes())
        #expect(file.transferSyntax == syntax)
        #expect(file.dataset.text(.modality) == "US")
        #expect(file.dataset.texts(.imageType) == ["DERIVED", "PRIMARY", "TEE", "0001"])
        #expect(file.dataset.integer(.rows) == 3)
        #expect(file.dataset.number(.frameTime) == 16.6667)
        let regions = file.dataset.items(.ultrasoundRegions)
        #expect(regions.map { $0.integer(.regionSpatialFormat) } == [1, 4])
        #expect(regions.map { $0.integer(.regionMaxX) } == [639, 100])
        guard case .native(let range) = try #require(file.pixelData).layout else {
            Issue.record("the pixels are native")
            return
        }
        #expect(Array(file.dataset.bytes[range]) == [1, 2, 3, 4, 5, 6])
    }

    @Test(arguments: [
        TransferSyntax.implicitLittleEndian, .explicitLittleEndian, .explicitBigEndian,
    ])
    func `a data set without preamble and meta group is read`(syntax: TransferSyntax) throws {
        let file = try DICOMFile(bytes: sample(syntax).datasetBytes())
        #expect(file.transferSyntax == syntax)
        #expect(file.dataset.integer(.rows) == 3)
    }

    @Test func `fragments are found with and without an offset table`() throws {
        for table in [DICOMWriter.OffsetTable.empty, .full] {
            var writer = DICOMWriter(
                sopClass: DICOMWriter.ultrasoundMultiFrame, sopInstance: "2.25.1",
                transferSyntax: .jpegBaseline)
            writer.addPixels(frames: [[1, 2, 3], [4, 5]], offsetTable: table)
            let file = try DICOMFile(bytes: writer.bytes())
            guard case .fragments(let ranges) = try #require(file.pixelData).layout else {
                Issue.record("the pixels are encapsulated")
                return
            }
            #expect(ranges.map { Array(file.dataset.bytes[$0]) } == [[1, 2, 3, 0], [4, 5]])
        }
    }
}

/// A small data set with text, numbers, a sequence and native pixels.
func sample(_ syntax: TransferSyntax) -> DICOMWriter {
    var writer = DICOMWriter(sopClass: DICOMWriter.ultrasound, sopInstance: "2.25.1", transferSyntax: syntax)
    writer.dataset.add(.imageType, .CS, "DERIVED\\PRIMARY\\TEE\\0001")
    writer.dataset.add(.modality, .CS, "US")
    writer.dataset.add(.frameTime, .DS, 16.6667)
    writer.dataset.add(
        .ultrasoundRegions,
        items: [(1, 639), (4, 100)].map { format, right in
            var item = DICOMElements()
            item.add(.regionSpatialFormat, .US, format)
            item.add(.regionDataType, .US, 1)
            item.add(.regionMaxX, .UL, right)
            return item
        })
    writer.dataset.add(.rows, .US, 3)
    writer.dataset.add(.columns, .US, 2)
    writer.addPixels(native: [1, 2, 3, 4, 5, 6])
    return writer
}
