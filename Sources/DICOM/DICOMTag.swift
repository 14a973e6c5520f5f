// The names of the attributes that echoprep reads or writes (DICOM PS3.6).

import EchoCore

/// A data element's tag.
package struct DICOMTag: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let group: UInt16, element: UInt16

    package init(_ group: UInt16, _ element: UInt16) {
        self.group = group
        self.element = element
    }

    package static func < (a: DICOMTag, b: DICOMTag) -> Bool { (a.group, a.element) < (b.group, b.element) }

    /// As the standard writes it: (0028,0010).
    package var description: String {
        let (group, element) = (
            zeroPadded(group, 4, radix: 16, uppercase: true),
            zeroPadded(element, 4, radix: 16, uppercase: true)
        )
        return "(\(group),\(element))"
    }
}

extension DICOMTag {
    package static let metaGroupLength = DICOMTag(0x0002, 0x0000)
    package static let metaVersion = DICOMTag(0x0002, 0x0001)
    package static let mediaStorageSOPClass = DICOMTag(0x0002, 0x0002)
    package static let mediaStorageSOPInstance = DICOMTag(0x0002, 0x0003)
    package static let transferSyntax = DICOMTag(0x0002, 0x0010)
    package static let implementationClass = DICOMTag(0x0002, 0x0012)
    package static let implementationVersion = DICOMTag(0x0002, 0x0013)

    package static let imageType = DICOMTag(0x0008, 0x0008)
    package static let sopClass = DICOMTag(0x0008, 0x0016)
    package static let sopInstance = DICOMTag(0x0008, 0x0018)
    package static let studyDate = DICOMTag(0x0008, 0x0020)
    package static let studyTime = DICOMTag(0x0008, 0x0030)
    package static let acquisitionDateTime = DICOMTag(0x0008, 0x002A)
    package static let modality = DICOMTag(0x0008, 0x0060)
    package static let manufacturer = DICOMTag(0x0008, 0x0070)
    package static let manufacturerModel = DICOMTag(0x0008, 0x1090)
    package static let patientName = DICOMTag(0x0010, 0x0010)
    package static let patientID = DICOMTag(0x0010, 0x0020)
    package static let recommendedDisplayFrameRate = DICOMTag(0x0008, 0x2144)
    package static let cineRate = DICOMTag(0x0018, 0x0040)
    package static let effectiveDuration = DICOMTag(0x0018, 0x0072)
    package static let actualFrameDuration = DICOMTag(0x0018, 0x1242)
    package static let frameTime = DICOMTag(0x0018, 0x1063)
    package static let frameTimeVector = DICOMTag(0x0018, 0x1065)
    package static let heartRate = DICOMTag(0x0018, 0x1088)

    package static let ultrasoundRegions = DICOMTag(0x0018, 0x6011)
    package static let regionSpatialFormat = DICOMTag(0x0018, 0x6012)
    package static let regionDataType = DICOMTag(0x0018, 0x6014)
    package static let regionFlags = DICOMTag(0x0018, 0x6016)
    package static let regionMinX = DICOMTag(0x0018, 0x6018)
    package static let regionMinY = DICOMTag(0x0018, 0x601A)
    package static let regionMaxX = DICOMTag(0x0018, 0x601C)
    package static let regionMaxY = DICOMTag(0x0018, 0x601E)
    package static let regionUnitsX = DICOMTag(0x0018, 0x6024)
    package static let regionUnitsY = DICOMTag(0x0018, 0x6026)
    package static let regionDeltaX = DICOMTag(0x0018, 0x602C)
    package static let regionDeltaY = DICOMTag(0x0018, 0x602E)

    package static let studyInstance = DICOMTag(0x0020, 0x000D)
    package static let seriesInstance = DICOMTag(0x0020, 0x000E)
    package static let instanceNumber = DICOMTag(0x0020, 0x0013)

    package static let samplesPerPixel = DICOMTag(0x0028, 0x0002)
    package static let photometricInterpretation = DICOMTag(0x0028, 0x0004)
    package static let planarConfiguration = DICOMTag(0x0028, 0x0006)
    package static let numberOfFrames = DICOMTag(0x0028, 0x0008)
    package static let frameIncrementPointer = DICOMTag(0x0028, 0x0009)
    package static let rows = DICOMTag(0x0028, 0x0010)
    package static let columns = DICOMTag(0x0028, 0x0011)
    package static let ultrasoundColorDataPresent = DICOMTag(0x0028, 0x0014)
    package static let bitsAllocated = DICOMTag(0x0028, 0x0100)
    package static let bitsStored = DICOMTag(0x0028, 0x0101)
    package static let highBit = DICOMTag(0x0028, 0x0102)
    package static let pixelRepresentation = DICOMTag(0x0028, 0x0103)
    package static let windowCenter = DICOMTag(0x0028, 0x1050)
    package static let windowWidth = DICOMTag(0x0028, 0x1051)
    package static let rescaleIntercept = DICOMTag(0x0028, 0x1052)
    package static let rescaleSlope = DICOMTag(0x0028, 0x1053)
    package static let redPaletteDescriptor = DICOMTag(0x0028, 0x1101)
    package static let greenPaletteDescriptor = DICOMTag(0x0028, 0x1102)
    package static let bluePaletteDescriptor = DICOMTag(0x0028, 0x1103)
    package static let redPaletteData = DICOMTag(0x0028, 0x1201)
    package static let greenPaletteData = DICOMTag(0x0028, 0x1202)
    package static let bluePaletteData = DICOMTag(0x0028, 0x1203)
    package static let redPaletteSegments = DICOMTag(0x0028, 0x1221)
    package static let greenPaletteSegments = DICOMTag(0x0028, 0x1222)
    package static let bluePaletteSegments = DICOMTag(0x0028, 0x1223)
    package static let lossyCompression = DICOMTag(0x0028, 0x2110)
    package static let lossyCompressionRatio = DICOMTag(0x0028, 0x2112)
    package static let lossyCompressionMethod = DICOMTag(0x0028, 0x2114)

    package static let floatPixelData = DICOMTag(0x7FE0, 0x0008)
    package static let doublePixelData = DICOMTag(0x7FE0, 0x0009)
    package static let pixelData = DICOMTag(0x7FE0, 0x0010)

    static let item = DICOMTag(0xFFFE, 0xE000)
    static let itemEnd = DICOMTag(0xFFFE, 0xE00D)
    static let sequenceEnd = DICOMTag(0xFFFE, 0xE0DD)
}
