// What a file is before its pixels are looked at: an ultrasound picture, a volume, or of another modality.

/// The kind of object that a file says it is.
package enum ObjectKind: Sendable, Equatable {
    case ultrasound
    /// An ultrasound volume, whose frames are planes or are not there at all.
    case volume
    /// Of another modality, or no picture.
    case other
    /// Nothing tells, as in AVI and MP4.
    case unsaid
}
