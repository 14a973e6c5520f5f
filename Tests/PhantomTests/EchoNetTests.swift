// The EchoNet look-alikes: lists and videos that belong together.

import EchoCore
import Files
import Foundation
import Phantom
import Testing
import TestSupport
import Video

@Suite struct EchoNetTests {
    private func options(_ layout: PhantomLayout) -> PhantomOptions {
        var options = PhantomOptions()
        options.layout = layout
        options.studies = 5
        options.frames = 4
        (options.height, options.width) = layout.size
        return options
    }

    private func rows(_ path: String, _ columns: [String]) throws -> [[String]] {
        var rows: [[String]] = []
        try CSVReader(path).forEachRow(columns) { row in rows.append(columns.indices.map { row.text($0) }) }
        return rows
    }

    private func decode(_ path: String) throws -> Clip {
        try openClip(try readFile(path), name: path).decode(maxFrames: nil).clip
    }

    @Test func `the list of EchoNet-Dynamic is true of its videos`() throws {
        try withTemporaryFolder { folder in
            let summary = try writePhantom(to: folder.path, options: options(.echonetDynamic))
            #expect(summary.clips == 5 && summary.studies == 5)
            let root = "\(folder.path)/echonet-dynamic"
            let list = try rows(
                "\(root)/FileList.csv", ["FileName", "EF", "ESV", "EDV", "NumberOfFrames", "Split", "FPS"])
            #expect(Set(list.map { $0[0] }).count == 5)
            for row in list {
                let figures = row[1...3].compactMap(Double.init)
                #expect(abs(100 * (1 - figures[1] / figures[2]) - figures[0]) < 1e-3)
                #expect(["TRAIN", "VAL", "TEST"].contains(row[5]))
                let clip = try decode("\(root)/Videos/\(row[0]).avi")
                #expect(clip.frames == Int(row[4]) && clip.height == 112 && clip.width == 112)
                #expect(clip.luma.contains { $0 > 100 })
            }
        }
    }

    @Test func `a patient's views of EchoNet-Pediatric share name, fold and ejection fraction`() throws {
        try withTemporaryFolder { folder in
            let summary = try writePhantom(to: folder.path, options: options(.echonetPediatric))
            var patients: [Substring: Set<[String]>] = [:]
            var files = 0
            for view in ["A4C", "PSAX"] {
                let root = "\(folder.path)/echonet-pediatric/\(view)"
                for row in try rows("\(root)/FileList.csv", ["FileName", "EF", "Split"]) {
                    files += 1
                    patients[row[0].split(separator: "-")[0], default: []].insert(Array(row[1...]))
                    #expect((0..<10).contains(Int(row[2]) ?? -1))
                    #expect(try decode("\(root)/Videos/\(row[0])").frames == 4)
                }
            }
            #expect(files == summary.clips && files > 5)
            #expect(patients.count == 5)
            #expect(patients.values.allSatisfy { $0.count == 1 })
        }
    }

    @Test(arguments: [PhantomLayout.echonetDynamic, .echonetPediatric])
    func `the same seed gives the same videos`(layout: PhantomLayout) throws {
        try withTemporaryFolder { folder in
            var prints: [[String]] = []
            for jobs in [1, 3] {
                var options = options(layout)
                options.jobs = jobs
                let out = "\(folder.path)/\(jobs)"
                _ = try writePhantom(to: out, options: options)
                let names = try FileManager.default.subpathsOfDirectory(atPath: out).sorted()
                prints.append(
                    try names.filter { $0.contains(".") }.map { sha256(try readFile("\(out)/\($0)")) })
            }
            #expect(prints[0] == prints[1] && prints[0].count > 5)
        }
    }
}
