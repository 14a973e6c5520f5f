// Numbers in names: of one length, so that they sort as they count.

/// A number that is not negative with leading zeros, at least `width` digits.
package func zeroPadded(
    _ number: some BinaryInteger, _ width: Int, radix: Int = 10, uppercase: Bool = false
) -> String {
    let digits = String(number, radix: radix, uppercase: uppercase)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
