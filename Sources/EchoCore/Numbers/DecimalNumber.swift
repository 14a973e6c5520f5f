// What counts as a number in a table: decimal digits, and nothing that only programs write.

/// The number that `text` spells in decimal digits, perhaps with a sign, a point and an exponent; nil for anything else,
/// such as hexadecimal digits, "nan" or "inf".
package func decimalNumber(_ text: some StringProtocol) -> Double? {
    let isDecimal = text.utf8.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
    guard isDecimal, let value = Double(text), value.isFinite else { return nil }
    return value
}

/// The ejection fraction in percent that a number says: up to 1 and without a unit it is a share, so 0.55 is 55 %.
/// Nil where it is neither.
package func ejectionFraction(_ value: Double, hasUnit: Bool) -> Double? {
    if !hasUnit, value > 0, value <= 1 { return (value * 1e8).rounded() / 1e6 }
    return (0...100).contains(value) ? value : nil
}
