// What a file says of its clip, without its pixels: enough to choose clips, and for the catalog.

package import EchoCore

/// The facts about a clip that are known before it is decoded.
package struct ClipHeader: Sendable {
    /// "dicom", "avi" or "mp4".
    package let container: String
    /// The transfer syntax UID of a DICOM file, else the codec's name as libavcodec has it.
    package let codec: String
    /// DICOM's photometric interpretation.
    package let photometric: String?
    /// Frames as found in the data, and the size of a picture as coded.
    package let frames: Int, height: Int, width: Int
    /// From FrameTime, FrameTimeVector, the cine rate, or the container; nil where nothing says.
    package let framesPerSecond: Double?
    /// When each frame was taken, in milliseconds from the first; nil where all steps are equal or nothing says.
    package let frameTimes: [Double]?
    package let regions: [UltrasoundRegion]
    /// ImageType's fourth value as a hexadecimal number (GE's and others' mode bits).
    package let imageTypeFlags: UInt32?
    /// UltrasoundColorDataPresent (0028,0014) as the file has it, whatever that proves.
    package let colourDataPresent: Int?
    /// What the object is, by its SOP class and modality.
    package let object: ObjectKind
    /// Words for what was read otherwise than the file says.
    package let flags: [String]
    /// Only to find duplicates, never printed.
    package let sopInstanceUID: String?

    package init(
        container: String, codec: String, photometric: String? = nil, frames: Int, height: Int, width: Int,
        framesPerSecond: Double? = nil, frameTimes: [Double]? = nil, regions: [UltrasoundRegion] = [],
        imageTypeFlags: UInt32? = nil, colourDataPresent: Int? = nil, object: ObjectKind = .unsaid,
        flags: [String] = [], sopInstanceUID: String? = nil
    ) {
        self.container = container
        self.codec = codec
        self.photometric = photometric
        self.frames = frames
        self.height = height
        self.width = width
        self.framesPerSecond = framesPerSecond
        self.frameTimes = frameTimes
        self.regions = regions
        self.imageTypeFlags = imageTypeFlags
        self.colourDataPresent = colourDataPresent
        self.object = object
        self.flags = flags
        self.sopInstanceUID = sopInstanceUID
    }
}
