// libFuzzer's way into the readers of foreign files: `make fuzz` builds and runs it.

import DICOM
import EchoCore
import Foundation
import Video

/// What is fuzzed, by the environment variable FUZZ: `dicom` the reader of elements alone, else the whole way from
/// bytes to frames.
private let readsOnly = ProcessInfo.processInfo.environment["FUZZ"] == "dicom"

/// One input after the other; anything but a crash, a hang or a leak is right.
private func read(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    do throws(Rejection) {
        if readsOnly {
            let dataset = try DICOMFile(bytes: bytes).dataset
            for tag in dataset.tags {
                _ = dataset.numbers(tag)
                _ = dataset.items(tag).flatMap { item in item.tags.map { item.texts($0) } }
            }
        } else {
            _ = try openClip(bytes, name: "fuzz").decode(maxFrames: 16)
        }
    } catch {}
    return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func run(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(run(&count, &arguments) { read($0, $1) })
