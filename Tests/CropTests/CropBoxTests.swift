import Crop
import EchoCore
import Testing

@Suite struct CropBoxTests {
    @Test(arguments: [
        (708, 1016, 70..<638, 224..<792), (480, 640, 48..<432, 128..<512), (1016, 708, 224..<792, 70..<638),
        (100, 101, 10..<90, 10..<91), (101, 100, 10..<91, 10..<90), (100, 103, 10..<90, 11..<92),
        (100, 105, 10..<90, 12..<93), (9, 9, 0..<9, 0..<9), (112, 112, 11..<101, 11..<101),
    ]) func `EchoPrime's box is the centre square less a tenth off each side`(
        height: Int, width: Int, rows: Range<Int>, columns: Range<Int>
    ) throws {
        let box = try cropBox(
            height: height, width: width, rule: .echoprime, mask: .whole(height: height, width: width))
        #expect(box == CropBox(rows: rows, columns: columns))
    }

    @Test func `the sector's box is a square around the mask, moved into the picture`() throws {
        var inside = [UInt8](repeating: 0, count: 100 * 160)
        for y in 10..<90 { for x in 0..<40 { inside[y * 160 + x] = 255 } }
        let mask = SectorMask(height: 100, width: 160, inside: inside)
        #expect(mask.bounds?.rows == 10..<90 && mask.bounds?.columns == 0..<40)
        let box = try cropBox(height: 100, width: 160, rule: .sector, mask: mask)
        #expect(box == CropBox(rows: 10..<90, columns: 0..<80))
    }

    @Test func `a box that no picture has room for reaches beyond it evenly`() throws {
        let box = try cropBox(height: 100, width: 160, rule: .none, mask: .whole(height: 100, width: 160))
        #expect(box == CropBox(rows: -30..<130, columns: 0..<160))
    }

    @Test func `an empty mask has no sector`() {
        let empty = SectorMask(height: 4, width: 4, inside: [UInt8](repeating: 0, count: 16))
        #expect(throws: Rejection(.noSector, "the mask is empty")) {
            try cropBox(height: 4, width: 4, rule: .sector, mask: empty)
        }
    }
}
