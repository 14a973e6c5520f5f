// The kind of a DICOM object by its SOP class (PS3.4 B.5) and, where that is open, its modality (PS3.3 C.7.3.1.1.1).

import DICOM
import EchoCore

extension ObjectKind {
    /// What a file says it is (docs/commands/ingest.md, "Which clips stay").
    init(_ file: DICOMFile) {
        let sopClass =
            file.dataset.text(.sopClass).flatMap { $0.isEmpty ? nil : $0 } ?? file.mediaStorageClass
        let modality = ObjectKind(modality: file.dataset.text(.modality) ?? "")
        guard let sopClass, sopClass.hasPrefix("1.") || sopClass.hasPrefix("2.") else {
            self = modality
            return
        }
        if let storage = sopClass.dropping("1.2.840.10008.5.1.4.1.1.") {
            switch storage {
            case "3", "3.1", "6", "6.1": self = .ultrasound
            case "6.2": self = .volume
            // Secondary captures are what their modality says.
            case _ where storage == "7" || storage.hasPrefix("7."): self = modality
            default: self = .other
            }
        } else if sopClass.hasPrefix("1.2.840.10008.") {
            self = .other
        } else if volumes.contains(sopClass) {
            self = .volume
        } else {
            // Makers keep volumes in classes of their own; what has calibrated regions is a picture.
            let isPicture = file.dataset.contains(.ultrasoundRegions)
            self = modality == .ultrasound && !isPicture ? .volume : modality
        }
    }

    private init(modality: String) {
        self = ultrasounds.contains(modality) ? .ultrasound : others.contains(modality) ? .other : .unsaid
    }
}

/// Private SOP classes of ultrasound volumes: Philips' 3-D object (as of the iE33) and its volume, Eigen's 3-D object.
private let volumes: Set = ["1.3.46.670589.2.5.1.1", "1.3.46.670589.5.0.1", "1.2.840.113543.6.6.1.3.10002"]

/// Ultrasound, within vessels too, and the retired terms for echocardiography, colour flow and duplex Doppler.
private let ultrasounds: Set = ["US", "IVUS", "EC", "CD", "DD"]

/// The other terms that the standard defines for what can have pixels, or is no picture.
private let others: Set = [
    "AR", "ANN", "ASMT", "AU", "BDUS", "BI", "BMD", "CR", "CT", "CTPROTOCOL", "DG", "DMS", "DOC", "DX", "ECG",
    "EEG",
    "EMG", "EOG", "EPS", "ES", "FID", "GM", "HC", "HD", "IO", "IVOCT", "KER", "KO", "LEN", "LS", "M3D", "MG",
    "MR",
    "NM", "OAM", "OCT", "OP", "OPM", "OPT", "OPTBSV", "OPTENF", "OPV", "OSS", "PA", "PLAN", "POS", "PR", "PT",
    "PX",
    "REG", "RESP", "RF", "RG", "RTDOSE", "RTIMAGE", "RTINTENT", "RTPLAN", "RTRAD", "RTRECORD", "RTSEGANN",
    "RTSTRUCT",
    "RWV", "SEG", "SM", "SMR", "SR", "SRF", "STAIN", "TEXTUREMAP", "TG", "VA", "XA", "XAPROTOCOL", "XC",
]

extension String {
    /// What follows `prefix`; nil if it does not begin with it.
    fileprivate func dropping(_ prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}
