// The whole cohort on disk: the same bytes for a seed, and files that the rest of the program reads as they were meant.

import Crop
import EchoCore
import Files
import Foundation
import Phantom
import Testing
import TestSupport
import Video

@Suite struct PhantomTests {
    private func options(studies: Int, frames: Int = 5) -> PhantomOptions {
        var options = PhantomOptions()
        options.studies = studies
        options.frames = frames
        options.height = 354
        options.width = 508
        options.seed = 7
        return options
    }

    private func hashes(_ folder: URL) throws -> [String: String] {
        var found: [String: String] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            let file = folder.appendingPathComponent(name)
            if (try file.resourceValues(forKeys: [.isRegularFileKey])).isRegularFile == true {
                found[name] = sha256(try readFile(file.path))
            }
        }
        return found
    }

    private func rows(_ path: String, _ columns: [String]) throws -> [[String]] {
        var rows: [[String]] = []
        try CSVReader(path).forEachRow(columns) { row in rows.append(columns.indices.map { row.text($0) }) }
        return rows
    }

    @Test func `the same seed gives the same bytes whatever the number of jobs`() throws {
        try withTemporaryFolder { folder in
            var options = options(studies: 3, frames: 3)
            var results: [[String: String]] = []
            for (jobs, seed) in [(1, 7), (4, 7), (4, 8)] as [(Int, UInt64)] {
                options.jobs = jobs
                options.seed = seed
                let out = folder.appendingPathComponent("\(jobs)-\(seed)")
                _ = try writePhantom(to: out.path, options: options)
                results.append(try hashes(out))
            }
            #expect(results[0] == results[1])
            #expect(results[0].count > 20)
            #expect(results[0] != results[2])
        }
    }

    @Test func `every file is what the truth says and is judged so`() throws {
        try withTemporaryFolder { folder in
            let options = options(studies: 4)
            let summary = try writePhantom(to: folder.path, options: options)
            let truth = try rows("\(folder.path)/truth.csv", ["path", "kind", "frames", "frames_per_second"])
            #expect(truth.count == summary.clips)
            let records = try rows("\(folder.path)/mimic-iv-echo/echo-record-list.csv", ["dicom_filepath"])
            #expect(records.map { $0[0] } == truth.map { $0[0] })
            var kinds: [String: Int] = [:]
            for row in truth {
                let path = "\(folder.path)/mimic-iv-echo/\(row[0])"
                let source = try openClip(try readFile(path), name: row[0])
                let header = source.header
                #expect(header.frames == Int(row[2]))
                #expect(header.height == 354 && header.width == 508)
                #expect(header.photometric == "YBR_FULL_422")
                if header.frames > 1 {
                    #expect(abs((header.framesPerSecond ?? 0) - (Double(row[3]) ?? 0)) < 0.01)
                }
                let clip = try source.decode(maxFrames: nil).clip
                #expect(clip.chroma?.sampling == .half)
                let tags = judge(
                    frames: header.frames, regions: header.regions, imageTypeFlags: header.imageTypeFlags)
                let mask = header.frames > 1 ? try? sectorMask(of: clip) : nil
                let judgement = mask.map { judge(clip: clip, mask: $0, tags: tags) } ?? tags
                #expect(judgement?.kind.rawValue == row[1], "\(row[0])")
                kinds[row[1], default: 0] += 1
                guard row[1] == "bmode" else { continue }
                #expect((judgement?.colourShare ?? 1) < 0.005, "\(row[0])")
                let frame = clip.frameSize
                #expect(clip.luma[..<frame] != clip.luma[((clip.frames - 1) * frame)...])
                // The mask is the fan: most of the crop, none of the corners.
                let inside = try #require(mask).inside
                let share = Double(inside.count { $0 != 0 }) / Double(frame)
                #expect((0.40...0.5).contains(share), "\(row[0]) \(share)")
            }
            #expect(kinds["bmode"]! >= 12 && kinds["doppler"]! >= 4 && kinds["still"] == 4)
            #expect((kinds["spectral"] ?? 0) + (kinds["m-mode"] ?? 0) == 4)
        }
    }

    @Test func `the hospital's tables have the columns of the real ones`() throws {
        try withTemporaryFolder { folder in
            var options = options(studies: 2, frames: 2)
            options.extras = false
            _ = try writePhantom(to: folder.path, options: options)
            let expected = [
                "patients": 6, "admissions": 16, "diagnoses_icd": 5, "d_icd_diagnoses": 3,
            ]
            for (name, count) in expected {
                let table = try CSVReader("\(folder.path)/mimiciv/hosp/\(name).csv.gz")
                #expect(table.header.count == count)
                try table.forEachRow([table.header[0]]) { #expect($0.isWhole) }
            }
            let kinds = try rows("\(folder.path)/truth.csv", ["kind"])
            #expect(kinds.allSatisfy { $0 == ["bmode"] })
        }
    }

    @Test func `the measurements say what is true, in whole numbers`() throws {
        try withTemporaryFolder { folder in
            var options = options(studies: 6, frames: 2)
            options.extras = false
            _ = try writePhantom(to: folder.path, options: options)
            let echo = "\(folder.path)/mimic-iv-echo"
            let truth = try rows("\(folder.path)/truth-studies.csv", ["study_id", "ef_percent"])
            let fractions = Dictionary(uniqueKeysWithValues: truth.map { ($0[0], Double($0[1])!) })
            let studies = try rows("\(echo)/echo-study-list.csv", ["measurement_id", "study_id"])
            let owners = Dictionary(studies.filter { !$0[0].isEmpty }.map { ($0[0], $0[1]) }) { first, _ in
                first
            }
            let columns = ["measurement_id", "measurement", "result", "unit"]
            let measured = try rows("\(echo)/structured-measurement.csv.gz", columns).filter {
                $0[1] == "lvef"
            }
            #expect(measured.count == owners.count && !measured.isEmpty)
            for row in measured {
                let study = try #require(owners[row[0]])
                #expect(abs(try #require(Double(row[2])) - fractions[study]!) <= 0.505 && row[3] == "%")
            }
        }
    }

    @Test func `walls are measured to a tenth, and regurgitation is graded in the words of reports`() throws {
        // What the words mean, and the severities at which readers who agree use them.
        let words: [String: ClosedRange<Double>] = [
            "Physiologic": 0...0.5, "Trivial": 0...0.5, "Mild (1+)": 0.5...1.25,
            "Mild-moderate (1-2+)": 1.25...1.75, "Mod [2+]": 1.75...2.5, "Moderate-severe (3+)": 2.5...3.5,
            "Severe (4+)": 3.5...4,
        ]
        try withTemporaryFolder { folder in
            var options = options(studies: 12, frames: 2)
            options.extras = false
            _ = try writePhantom(to: folder.path, options: options)
            let echo = "\(folder.path)/mimic-iv-echo"
            let truth = try rows(
                "\(folder.path)/truth-studies.csv", ["study_id", "wall_cm", "mitral_regurgitation"])
            let hearts = Dictionary(uniqueKeysWithValues: truth.map { ($0[0], ($0[1], $0[2])) })
            let studies = try rows("\(echo)/echo-study-list.csv", ["measurement_id", "study_id"])
            let owners = Dictionary(studies.map { ($0[0], $0[1]) }) { first, _ in first }
            let columns = ["measurement_id", "measurement", "result", "unit"]
            var walls = 0, grades = 0
            for row in try rows("\(echo)/structured-measurement.csv.gz", columns) {
                let heart = try #require(owners[row[0]].flatMap { hearts[$0] })
                switch row[1] {
                case "septal_thickness", "inf_lat_thickness":
                    walls += 1
                    let (said, wall) = (try #require(Double(row[2])), try #require(Double(heart.0)))
                    #expect(abs(said - wall) < 0.2 && row[3] == "cm")
                case "mitral_regurg" where row[2] != "Present, can't qualify":
                    grades += 1
                    let severity = try #require(Double(heart.1)), range = try #require(words[row[2]])
                    #expect(range.lowerBound - 0.8 <= severity && severity <= range.upperBound + 0.8)
                default: break
                }
            }
            #expect(walls > 10 && grades > 4)
        }
    }

    @Test func `wrong options say what to try`() throws {
        try withTemporaryFolder { folder in
            for change in [
                { $0.studies = 0 }, { $0.frames = 1 }, { $0.height = 10 }, { $0.jobs = 0 },
                { $0.mimicIV = "/nowhere" },
            ] as [(inout PhantomOptions) -> Void] {
                var options = PhantomOptions()
                change(&options)
                let error = #expect(throws: EchoError.self) {
                    try writePhantom(to: folder.appendingPathComponent("out").path, options: options)
                }
                #expect(error?.remedy != nil)
            }
        }
    }
}
