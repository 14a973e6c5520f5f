// Figures that every race prints.

/// The middle one of some numbers, the upper of two.
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
