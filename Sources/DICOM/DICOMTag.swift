// The names of the attributes that echoprep reads or writes (DICOM PS3.6).

/// A data element's tag.
public struct DICOMTag: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let group: UInt16, element: UInt16

    public init(_ group: UInt16, _ element: UInt16) {
        self.group = group
        self.element = element
    }

    public static func < (a: DICOMTag, b: DICOMTag) -> Bool { (a.group, a.element) < (b.group, b.element) }

    /// As the standard writes it: (0028,0010).
    public var description: String { "(\(hexadecimal(group)),\(hexadecimal(element)))" }

    private func hexadecimal(_ value: UInt16) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}

extension DICOMTag {
    public static let metaGroupLength = DICOMTag(0x0002, 0x0000)
    public static let metaVersion = DICOMTag(0x0002, 0x0001)
    public static let mediaStorageSOPClass = DICOMTag(0x0002, 0x0002)
    public static let mediaStorageSOPInstance = DICOMTag(0x0002, 0x0003)
    public static let transferSyntax = DICOMTag(0x0002, 0x0010)
    public static let implementationClass = DICOMTag(0x0002, 0x0012)
    public static let implementationVersion = DICOMTag(0x0002, 0x0013)

    public static let imageType = DICOMTag(0x0008, 0x0008)
    public static let sopClass = DICOMTag(0x0008, 0x0016)
    public static let sopInstance = DICOMTag(0x0008, 0x0018)
    public static let studyDate = DICOMTag(0x0008, 0x0020)
    public static let studyTime = DICOMTag(0x0008, 0x0030)
    public static let acquisitionDateTime = DICOMTag(0x0008, 0x002A)
    public static let modality = DICOMTag(0x0008, 0x0060)
    public static let manufacturer = DICOMTag(0x0008, 0x0070)
    public static let manufacturerModel = DICOMTag(0x0008, 0x1090)
    public static let patientName = DICOMTag(0x0010, 0x0010)
    public static let patientID = DICOMTag(0x0010, 0x0020)
    public static let cineRate = DICOMTag(0x0018, 0x0040)
    public static let frameTime = DICOMTag(0x0018, 0x1063)
    public static let frameTimeVector = DICOMTag(0x0018, 0x1065)
    public static let heartRate = DICOMTag(0x0018, 0x1088)

    public static let ultrasoundRegions = DICOMTag(0x0018, 0x6011)
    public static let regionSpatialFormat = DICOMTag(0x0018, 0x6012)
    public static let regionDataType = DICOMTag(0x0018, 0x6014)
    public static let regionFlags = DICOMTag(0x0018, 0x6016)
    public static let regionMinX = DICOMTag(0x0018, 0x6018)
    public static let regionMinY = DICOMTag(0x0018, 0x601A)
    public static let regionMaxX = DICOMTag(0x0018, 0x601C)
    public static let regionMaxY = DICOMTag(0x0018, 0x601E)
    public static let regionUnitsX = DICOMTag(0x0018, 0x6024)
    public static let regionUnitsY = DICOMTag(0x0018, 0x6026)
    public static let regionDeltaX = DICOMTag(0x0018, 0x602C)
    public static let regionDeltaY = DICOMTag(0x0018, 0x602E)

    public static let studyInstance = DICOMTag(0x0020, 0x000D)
    public static let seriesInstance = DICOMTag(0x0020, 0x000E)
    public static let instanceNumber = DICOMTag(0x0020, 0x0013)

    public static let samplesPerPixel = DICOMTag(0x0028, 0x0002)
    public static let photometricInterpretation = DICOMTag(0x0028, 0x0004)
    public static let planarConfiguration = DICOMTag(0x0028, 0x0006)
    public static let numberOfFrames = DICOMTag(0x0028, 0x0008)
    public static let frameIncrementPointer = DICOMTag(0x0028, 0x0009)
    public static let rows = DICOMTag(0x0028, 0x0010)
    public static let columns = DICOMTag(0x0028, 0x0011)
    public static let ultrasoundColorDataPresent = DICOMTag(0x0028, 0x0014)
    public static let bitsAllocated = DICOMTag(0x0028, 0x0100)
    public static let bitsStored = DICOMTag(0x0028, 0x0101)
    public static let highBit = DICOMTag(0x0028, 0x0102)
    public static let pixelRepresentation = DICOMTag(0x0028, 0x0103)
    public static let windowCenter = DICOMTag(0x0028, 0x1050)
    public static let windowWidth = DICOMTag(0x0028, 0x1051)
    public static let rescaleIntercept = DICOMTag(0x0028, 0x1052)
    public static let rescaleSlope = DICOMTag(0x0028, 0x1053)
    public static let redPaletteDescriptor = DICOMTag(0x0028, 0x1101)
    public static let greenPaletteDescriptor = DICOMTag(0x0028, 0x1102)
    public static let bluePaletteDescriptor = DICOMTag(0x0028, 0x1103)
    public static let redPaletteData = DICOMTag(0x0028, 0x1201)
    public static let greenPaletteData = DICOMTag(0x0028, 0x1202)
    public static let bluePaletteData = DICOMTag(0x0028, 0x1203)
    public static let redPaletteSegments = DICOMTag(0x0028, 0x1221)
    public static let greenPaletteSegments = DICOMTag(0x0028, 0x1222)
    public static let bluePaletteSegments = DICOMTag(0x0028, 0x1223)
    public static let lossyCompression = DICOMTag(0x0028, 0x2110)
    public static let lossyCompressionRatio = DICOMTag(0x0028, 0x2112)
    public static let lossyCompressionMethod = DICOMTag(0x0028, 0x2114)

    public static let floatPixelData = DICOMTag(0x7FE0, 0x0008)
    public static let doublePixelData = DICOMTag(0x7FE0, 0x0009)
    public static let pixelData = DICOMTag(0x7FE0, 0x0010)

    static let item = DICOMTag(0xFFFE, 0xE000)
    static let itemEnd = DICOMTag(0xFFFE, 0xE00D)
    static let sequenceEnd = DICOMTag(0xFFFE, 0xE0DD)
}
