// A rendered clip as a DICOM file with the attributes that a GE scanner writes and de-identification leaves.

#if canImport(Glibc)
    import Glibc
#endif
import DICOM
import EchoCore

extension RenderedClip {
    /// The file's bytes.
    func dicom(_ plan: ClipPlan, options: PhantomOptions) -> [UInt8] {
        var names = SeededRandom(seed: options.seed, "uid", plan.study.study)
        let study = "2.25.\(names.next())", series = "2.25.\(names.next())"
        var own = SeededRandom(seed: options.seed, "uid", plan.study.study, plan.number)
        let still = frames.count == 1
        var file = DICOMWriter(
            sopClass: still ? DICOMWriter.ultrasound : DICOMWriter.ultrasoundMultiFrame,
            sopInstance: "2.25.\(own.next())", transferSyntax: .jpegBaseline)
        file.dataset.add(.imageType, .CS, "DERIVED\\PRIMARY\\TTE\\\(plan.acquisition.imageTypeFlags)")
        file.dataset.add(.studyDate, .DA, plan.study.time.dicomDate)
        file.dataset.add(.studyTime, .TM, plan.study.time.dicomTime)
        file.dataset.add(.acquisitionDateTime, .DT, plan.time.dicomDate + plan.time.dicomTime)
        file.dataset.add(.modality, .CS, "US")
        file.dataset.add(.manufacturer, .LO, "echoprep phantom")
        file.dataset.add(.manufacturerModel, .LO, "truncated prolate ellipsoid")
        file.dataset.add(.patientName, .PN, "")
        file.dataset.add(.patientID, .LO, "\(plan.study.subject)")
        for (tag, vr) in RenderedClip.empty { file.dataset.add(tag, vr, "") }
        file.dataset.add(.heartRate, .IS, Int(heartRate.rounded()))
        file.dataset.add(.ultrasoundRegions, items: regions(plan.acquisition, options: options))
        file.dataset.add(.studyInstance, .UI, study)
        file.dataset.add(.seriesInstance, .UI, series)
        file.dataset.add(DICOMTag(0x0020, 0x0010), .SH, "\(plan.study.study)")
        file.dataset.add(DICOMTag(0x0020, 0x0011), .IS, 1)
        file.dataset.add(.instanceNumber, .IS, plan.number)
        file.dataset.add(.samplesPerPixel, .US, 3)
        file.dataset.add(.photometricInterpretation, .CS, "YBR_FULL_422")
        file.dataset.add(.planarConfiguration, .US, 0)
        if !still {
            file.dataset.add(.cineRate, .IS, Int(framesPerSecond))
            file.dataset.add(.frameTime, .DS, 1000 / framesPerSecond)
            file.dataset.add(.numberOfFrames, .IS, frames.count)
            file.dataset.add(.frameIncrementPointer, pointingAt: .frameTime)
        }
        file.dataset.add(.rows, .US, options.height)
        file.dataset.add(.columns, .US, options.width)
        file.dataset.add(.ultrasoundColorDataPresent, .US, 1)
        file.dataset.add(.bitsAllocated, .US, 8)
        file.dataset.add(.bitsStored, .US, 8)
        file.dataset.add(.highBit, .US, 7)
        file.dataset.add(.pixelRepresentation, .US, 0)
        file.dataset.add(.lossyCompression, .CS, "01")
        file.dataset.add(.lossyCompressionMethod, .CS, "ISO_10918_1")
        // Real files have a filled offset table or none.
        file.addPixels(frames: frames, offsetTable: own.uniform() < 0.5 ? .full : .empty)
        return file.bytes()
    }

    /// Attributes that must stand in the file and that nothing is known of: accession number, referring physician,
    /// birth date, sex, orientation, laterality.
    private static let empty: [(DICOMTag, VR)] = [
        (DICOMTag(0x0008, 0x0050), .SH), (DICOMTag(0x0008, 0x0090), .PN), (DICOMTag(0x0010, 0x0030), .DA),
        (DICOMTag(0x0010, 0x0040), .CS), (DICOMTag(0x0020, 0x0020), .CS),
        (DICOMTag(0x0020, 0x0060), .CS),
    ]

    /// SequenceOfUltrasoundRegions: the picture's parts, the main one first, then the electrocardiogram.
    private func regions(_ acquisition: Acquisition, options: PhantomOptions) -> [DICOMElements] {
        let height = options.height, width = options.width
        var items: [DICOMElements] = []
        if let sector {
            let reach = sector.radius * sin(sector.halfAngle)
            let box = (
                Int(sector.apexColumn - reach), Int(sector.apexRow), Int(sector.apexColumn + reach),
                Int(sector.apexRow + sector.radius)
            )
            let pixel = depth / sector.radius
            items.append(region(format: 1, type: 1, box, units: (3, 3), delta: (pixel, pixel)))
            if acquisition == .colour {
                let (x, y) = (box.0 + (box.2 - box.0) / 4, box.1 + (box.3 - box.1) / 4)
                items.append(
                    region(
                        format: 1, type: 2, (x, y, x + (box.2 - box.0) / 2, y + (box.3 - box.1) / 2),
                        units: (3, 3),
                        delta: (pixel, pixel)))
            }
        } else {
            let box = (
                Int(Sweep.left * Double(width)), Int(Sweep.top * Double(height)),
                Int(Sweep.right * Double(width)),
                Int(Sweep.bottom * Double(height))
            )
            let second = Sweep.seconds / Double(box.2 - box.0)
            switch acquisition {
            case .mMode:
                items.append(
                    region(
                        format: 2, type: 1, box, units: (4, 3), delta: (second, depth / Double(box.3 - box.1))
                    ))
            case .continuousWave:
                items.append(region(format: 3, type: 4, box, units: (4, 7), delta: (second, -1.2)))
            default:
                items.append(region(format: 3, type: 3, box, units: (4, 7), delta: (second, -0.4)))
            }
        }
        items.append(
            region(
                format: 4, type: 10, (width / 20, height * 88 / 100, width * 95 / 100, height - 1),
                units: (4, 2),
                delta: (0.003, -0.02)))
        return items
    }

    /// - Parameters:
    ///   - format: region spatial format, 1 2-D, 2 M-mode, 3 spectral, 4 wave form
    ///   - type: region data type, 1 tissue, 2 colour flow, 3 PW, 4 CW, 10 ECG
    ///   - units: codes of PS3.3 C.8.5.5.1.15: 2 dB, 3 cm, 4 seconds, 7 cm/s
    private func region(
        format: Int, type: Int, _ box: (Int, Int, Int, Int), units: (Int, Int), delta: (Double, Double)
    ) -> DICOMElements {
        var item = DICOMElements()
        item.add(.regionSpatialFormat, .US, format)
        item.add(.regionDataType, .US, type)
        item.add(.regionFlags, .UL, 2)
        item.add(.regionMinX, .UL, box.0)
        item.add(.regionMinY, .UL, box.1)
        item.add(.regionMaxX, .UL, box.2)
        item.add(.regionMaxY, .UL, box.3)
        item.add(.regionUnitsX, .US, units.0)
        item.add(.regionUnitsY, .US, units.1)
        item.add(.regionDeltaX, .FD, delta.0)
        item.add(.regionDeltaY, .FD, delta.1)
        return item
    }
}
