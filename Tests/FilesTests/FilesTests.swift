import EchoCore
import Files
import Foundation
import Testing
import TestSupport

@Suite struct FilesTests {
    /// A list that is longer than what is read at a time, with names that end as the wanted one does.
    @Test(arguments: ["\n", "\r\n"]) func `a published sum is found by the whole path`(end: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("SHA256SUMS.txt").path
            func sum(_ n: Int) -> String { sha256(Array("\(n)".utf8)) }
            var lines = (0..<6_000).map { "\(sum($0))  files/p10/s\($0)/\($0)_0001.dcm" }
            lines[5_000] = "\(sum(5_000).uppercased()) *./list.csv"
            lines[3_000] = "\(sum(3_000))  other/list.csv"
            lines[4_000] = "\(sum(4_000))  list.csv.gz"
            lines[4_500] = "no sum  list.csv"
            try writeFile(path, Array(lines.joined(separator: end).utf8))
            #expect(try publishedSum(of: "list.csv", inList: path) == sum(5_000))
            #expect(try publishedSum(of: "other/list.csv", inList: path) == sum(3_000))
            #expect(try publishedSum(of: "list.csv.gz", inList: path) == sum(4_000))
            #expect(try publishedSum(of: "files/p10/s5999/5999_0001.dcm", inList: path) == sum(5_999))
            #expect(
                try publishedSum(of: "st.csv", inList: path) == nil
                    && publishedSum(of: "x", inList: path + "x") == nil)
        }
    }

    @Test func `an atomic file has no name until it is committed`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("a.bin").path
            do {
                var abandoned = try AtomicFile(path)
                try abandoned.write(Array("half".utf8))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
            try writeFile(path, Array("whole".utf8))
            #expect(try readFile(path) == Array("whole".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.bin"])
        }
    }

    @Test func `a planted link is not followed, and a link keeps leading where it led`() throws {
        try withTemporaryFolder { folder in
            let (path, other) = (folder.path + "/a.bin", folder.path + "/other")
            try writeFile(other, Array("kept".utf8))
            #expect(symlink(other, folder.path + "/.a.bin.partial") == 0)
            try writeFile(path, Array("new".utf8))
            #expect(try readFile(other) == Array("kept".utf8))

            #expect(symlink(other, folder.path + "/link") == 0)
            try writeFile(folder.path + "/link", Array("through".utf8))
            #expect(try readFile(other) == Array("through".utf8))
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/link") == other)

            #expect(symlink(folder.path + "/nowhere", folder.path + "/lost") == 0)
            #expect(throws: EchoError.self) { try writeFile(folder.path + "/lost", [1]) }
            #expect(throws: EchoError(folder.path, "is a folder, not a file")) {
                try writeFile(folder.path, [1])
            }
        }
    }

    @Test func `a pipe is written to and stays a pipe`() throws {
        try withTemporaryFolder { folder in
            let fifo = folder.path + "/fifo"
            #expect(mkfifo(fifo, 0o600) == 0)
            let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
            let reader = Background {
                Array(FileHandle(forReadingAtPath: fifo)?.readDataToEndOfFile() ?? Data())
            }
            try writeFile(fifo, bytes)
            #expect(try reader.value() == bytes)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["fifo"])
            var status = stat()
            #expect(lstat(fifo, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
        }
    }

    @Test func `two writers of one file do not meet`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/a.bin"
            var first = try AtomicFile(path)
            var second = try AtomicFile(path)
            try first.write(Array("first".utf8))
            try second.write(Array("the second".utf8))
            try first.commit()
            #expect(try readFile(path) == Array("first".utf8))
            try second.commit()
            #expect(try readFile(path) == Array("the second".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.bin"])
        }
    }

    @Test func `what is not a regular file is told as such`() throws {
        try withTemporaryFolder { folder in
            let fifo = folder.appendingPathComponent("fifo").path
            #expect(mkfifo(fifo, 0o600) == 0)
            #expect(throws: EchoError(fifo, "is not a regular file")) { try readFile(fifo) }
            #expect(throws: EchoError(folder.path, "is a folder, not a file")) { try readFile(folder.path) }
            #expect(throws: EchoError.self) { try readFile(folder.path + "/missing") }
            try writeFile(folder.path + "/long", [UInt8](repeating: 0, count: 100))
            #expect(throws: EchoError.self) { try readFile(folder.path + "/long", upTo: 99) }
        }
    }

    @Test func `SHA-256 gives the standard's example`() {
        // FIPS 180-2, appendix B.1.
        #expect(
            sha256(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test(arguments: [0, 1, 1000, 1_000_000]) func `gzip gives the same bytes back`(count: Int) throws {
        try withTemporaryFolder { folder in
            var random = SeededRandom(seed: UInt64(count))
            let bytes = (0..<count).map { _ in UInt8(random.below(7)) }
            #expect(try gunzip(gzip(bytes), upTo: count) == bytes)
            for content in [bytes, gzip(bytes)] {
                let path = folder.appendingPathComponent("table").path
                try writeFile(path, content)
                #expect(try everything(of: path) == bytes)
            }
        }
    }

    @Test func `a gzip file cut short is an error and a bomb stops at the limit`() throws {
        try withTemporaryFolder { folder in
            let whole = gzip([UInt8](repeating: 65, count: 1 << 20))
            let path = folder.appendingPathComponent("table.gz").path
            try writeFile(path, Array(whole.dropLast(20)))
            #expect(throws: EchoError.self) { try everything(of: path) }
            #expect(throws: Rejection.self) { try gunzip(whole, upTo: 1000) }
            #expect(throws: Rejection.self) { try gunzip(Array(whole.dropLast(20)), upTo: 1 << 21) }
        }
    }

    private func everything(of path: String) throws -> [UInt8] {
        let reader = try GzipReader(path)
        var all: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1000)
        while case let count = try reader.read(into: &block), count > 0 { all += block[..<count] }
        return all
    }
}
