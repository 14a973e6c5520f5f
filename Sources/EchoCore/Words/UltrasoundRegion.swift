// One item of SequenceOfUltrasoundRegions (DICOM PS3.3 C.8.5.5): what part of the picture is what.

/// A calibrated region of an ultrasound picture.
package struct UltrasoundRegion: Sendable, Equatable {
    /// Region Spatial Format (0018,6012): 1 2-D, 2 M-mode, 3 spectral, 0 none, 4 wave form, 5 graphics.
    package let spatialFormat: Int
    /// Region Data Type (0018,6014): 1 tissue, 2 colour flow, 3 PW spectral, 4 CW spectral, 10 ECG, …
    package let dataType: Int
    /// The region's corners in pixels, both inside; they may lie outside of the picture.
    package let minX: Int, minY: Int, maxX: Int, maxY: Int

    package init(spatialFormat: Int, dataType: Int, minX: Int, minY: Int, maxX: Int, maxY: Int) {
        self.spatialFormat = spatialFormat
        self.dataType = dataType
        self.minX = minX
        self.minY = minY
        self.maxX = maxX
        self.maxY = maxY
    }
}
