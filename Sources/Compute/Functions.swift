// exp and erf as the kernels compute them, for tests of their accuracy.

private import CKernels

/// The kernels' own exp and erf over whole arrays.
package enum Functions {
    package static func exp(_ x: [Float]) -> [Float] { map(x, ck_exp) }
    package static func erf(_ x: [Float]) -> [Float] { map(x, ck_erf) }

    private static func map(
        _ x: [Float], _ kernel: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: x.count) { y, count in
            if let start = y.baseAddress { kernel(x, start, x.count) }
            count = x.count
        }
    }
}
