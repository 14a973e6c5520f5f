// safetensors: what is written is read again, and no header is believed that cannot be true.

import EchoCore
import Files
import Foundation
import Shards
import Testing
import TestSupport

@Suite struct SafetensorsTests {
    private func inFile<Answer>(_ body: (String) throws -> Answer) throws -> Answer {
        try withTemporaryFolder { try body($0.appendingPathComponent("a.safetensors").path) }
    }

    /// A file with this header and so many bytes of data.
    private func file(_ header: String, length: UInt64? = nil, data: Int = 0) -> [UInt8] {
        let length = length ?? UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8)
            + [UInt8](repeating: 7, count: data)
    }

    @Test func `tensors of every kind come back with their metadata, in their order`() throws {
        try inFile { path in
            var writer = try SafetensorsWriter(
                path, metadata: ["note": "a \"quoted\"\n\\ line, é"],
                tensors: [
                    ("z", .f32, [2, 3]), ("a", .i64, [2]), ("é/b", .u8, [1, 5]), ("none", .f32, [0, 4]),
                ])
            try writer.add("z", shape: [2, 3], floats: [1, -2.5, .infinity, 4, 5, 6])
            try writer.add("a", shape: [2], int64s: [.min, 7])
            try writer.add("é/b", .u8, shape: [1, 5], bytes: [1, 2, 3, 4, 5] as [UInt8])
            try writer.add("none", shape: [0, 4], floats: [])
            #expect(!FileManager.default.fileExists(atPath: path))
            try writer.finish()
            let file = try SafetensorsFile(path: path)
            #expect(file.names == ["z", "a", "é/b", "none"])
            #expect(file.metadata == ["note": "a \"quoted\"\n\\ line, é"])
            #expect(try file.floats("z") == [1, -2.5, .infinity, 4, 5, 6])
            #expect(try file.int64s("a") == [.min, 7])
            #expect(try Array(file.bytes("é/b")) == [1, 2, 3, 4, 5])
            #expect(try Array(file.bytes("é/b", range: 1..<3)) == [2, 3])
            #expect(try file.floats("none") == [])
            #expect(file.tensors["z"]!.byteRange.lowerBound % 8 == 0)
            #expect(throws: EchoError(path, "has no tensor q")) { try file.floats("q") }
            #expect(throws: EchoError(path, "tensor a is I64, not a floating type")) { try file.floats("a") }
        }
    }

    @Test func `room kept for the header is filled with blanks`() throws {
        try inFile { path in
            var writer = try SafetensorsWriter(path, headerRoom: 4096)
            try writer.add("x", .u8, shape: [3], bytes: [9, 8, 7] as [UInt8])
            writer.metadata["late"] = "yes"
            try writer.finish()
            let file = try SafetensorsFile(path: path)
            #expect(file.metadata == ["late": "yes"])
            #expect(file.tensors["x"]!.byteRange == 4096..<4099)
            #expect(try Array(file.bytes("x")) == [9, 8, 7])
        }
    }

    @Test func `a header that outgrows its room moves the tensors`() throws {
        try inFile { path in
            var writer = try SafetensorsWriter(path, headerRoom: 64)
            let values = (0..<40 << 20).map { UInt8(truncatingIfNeeded: $0 >> 8 ^ $0) }
            try writer.add("x", .u8, shape: [values.count], bytes: values)
            try writer.add("y", .u8, shape: [2], bytes: [1, 2] as [UInt8])
            writer.metadata["long"] = String(repeating: "é", count: 1000)
            try writer.finish()
            let file = try SafetensorsFile(path: path)
            #expect(file.metadata["long"]?.count == 1000)
            #expect(try Array(file.bytes("x")) == values && Array(file.bytes("y")) == [1, 2])
        }
    }

    @Test func `a writer that is given up leaves nothing`() throws {
        try withTemporaryFolder { folder in
            do {
                var writer = try SafetensorsWriter(folder.appendingPathComponent("a").path, headerRoom: 64)
                try writer.add("x", .u8, shape: [1], bytes: [1] as [UInt8])
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test func `half, brain and double floats are read as F32`() throws {
        try inFile { path in
            let header =
                #"{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]},"d":{"dtype":"F64","shape":[],"data_offsets":[6,14]}}"#
            let double = withUnsafeBytes(of: (-0.125).bitPattern.littleEndian) { Array($0) }
            try writeFile(path, file(header) + [0x00, 0x3C, 0x00, 0xC1] + [0x20, 0x40] + double)
            let file = try SafetensorsFile(path: path)
            #expect(try file.floats("h") == [1, -2.5])
            #expect(try file.floats("b") == [2.5])
            #expect(try file.floats("d") == [-0.125])
        }
    }

    @Test(arguments: [
        (#"{}"#, nil, 1, "1 bytes at its end belong to no tensor"),
        (#"{}"#, 3, 0, "its header claims 3 bytes of a file of 10"),
        (#"{}"#, .max, 0, "its header claims 18446744073709551615 bytes"),
        (#"{}"#, 100_000_001, 0, "its header claims 100000001 bytes"),
        (#" {}"#, nil, 0, "its header does not begin with {"), (#"{"#, nil, 0, "its header is not JSON"),
        (#"{"a":{"dtype":"U8","shape":[1]}}"#, nil, 1, "its header has no data_offsets for a"),
        (#"{"a":7}"#, nil, 1, "its header holds something of another type in a"),
        (
            #"{"__metadata__":{"a":1}}"#, nil, 0,
            "its header holds something of another type in a of __metadata__"
        ),
        (
            #"{"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,1]}}"#, nil, 1,
            "tensor a has the unknown type Q4"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, nil, 1,
            "tensor a lies outside of the file"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}"#, nil, 1,
            "tensor a lies outside of the file"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}"#, nil, 1,
            "tensor a lies outside of the file"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}"#, nil, 1,
            "tensor a lies outside of the file"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#, nil, 1,
            "tensor a has an impossible shape"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,1]}}"#, nil, 1,
            "tensor a has an impossible shape"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}"#, nil, 1,
            "its header is not JSON"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, nil, 4,
            "tensor a has 4 bytes where its shape needs 8"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
            nil, 3, "tensor b overlaps the one before it"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#,
            nil, 3, "tensor b follows a hole"
        ),
    ])
    func `a header that cannot be true is refused`(
        header: String, length: UInt64?, data: Int, problem: String
    ) throws {
        try inFile { path in
            try writeFile(path, file(header, length: length, data: data))
            let error = #expect(throws: EchoError.self) { try SafetensorsFile(path: path) }
            #expect(error?.problem == "is not a safetensors file: " + problem)
        }
    }

    @Test func `ten times the tensors take about ten times as long to read`() throws {
        /// Seconds of this thread's processor.
        func cost(_ count: Int) throws -> Double {
            try inFile { path in
                let entries = (0..<count).map {
                    "\"t\($0)\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}"
                }
                try writeFile(path, file("{" + entries.joined(separator: ",") + "}"))
                func clock() -> Double {
                    var time = timespec()
                    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
                    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
                }
                let start = clock()
                #expect(try SafetensorsFile(path: path).names.count == count)
                return clock() - start
            }
        }
        #expect(try cost(500_000) < 50 * cost(50_000))
    }

    @Test(arguments: [
        (
            #"{"a\u001b[31m":{"dtype":"Q4","shape":[1],"data_offsets":[0,1]}}"#,
            "tensor a\u{FFFD}[31m has the unknown type Q4"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#,
            "it names tensor a twice"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}x"#,
            "its header goes on behind its last brace"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,1]}}"#,
            "its header holds something of another type in shape of a"
        ),
    ])
    func `names out of a header are shown as text, and nothing stands there twice`(
        header: String, problem: String
    ) throws {
        try inFile { path in
            try writeFile(path, file(header, data: 1))
            let error = #expect(throws: EchoError.self) { try SafetensorsFile(path: path) }
            #expect(error?.problem == "is not a safetensors file: " + problem)
        }
    }

    @Test func `escapes, blanks and what an entry says beside are read as JSON has them`() throws {
        try inFile { path in
            let header =
                #"{ "__metadata__" : {"k\"\\\/\n\u00e9\ud83d\ude00":"é"}, "a\u0041" : {"note":{"x":[1,{"y":"}"}],"z":null},"dtype":"U8","shape":[ 1 ],"data_offsets":[0 , 1]} }"#
            try writeFile(path, file(header, data: 1))
            let found = try SafetensorsFile(path: path)
            #expect(found.metadata == ["k\"\\/\né😀": "é"] && found.names == ["aA"])
        }
    }

    @Test func `every prefix and every flipped byte of a file is read or refused, never a crash`() throws {
        try inFile { path in
            var writer = try SafetensorsWriter(path, metadata: ["k": "v"], headerRoom: 128)
            try writer.add("x", shape: [2], floats: [1, 2])
            try writer.finish()
            let whole = try readFile(path)
            for count in 0..<whole.count {
                try writeFile(path, Array(whole[..<count]))
                #expect(throws: EchoError.self) { try SafetensorsFile(path: path) }
            }
            for place in whole.indices {
                var bytes = whole
                bytes[place] ^= 0x15
                try writeFile(path, bytes)
                _ = try? SafetensorsFile(path: path).floats("x")
            }
        }
    }
}
