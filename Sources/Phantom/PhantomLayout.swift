// The data sets that a synthetic cohort can look like.

/// The layout of the files.
package enum PhantomLayout: String, Sendable, CaseIterable, CustomStringConvertible {
    case mimicIVEcho = "mimic-iv-echo"
    case echonetDynamic = "echonet-dynamic"
    case echonetPediatric = "echonet-pediatric"

    package var description: String { rawValue }

    /// Rows and columns of a picture where the user gives none.
    package var size: (height: Int, width: Int) { self == .mimicIVEcho ? (708, 1016) : (112, 112) }

    /// Of an EchoNet look-alike: its views, and the share of subjects that have each.
    var views: [(view: View, share: Double)] {
        switch self {
        case .mimicIVEcho: []
        case .echonetDynamic: [(.apicalFourChamber, 1)]
        case .echonetPediatric: [(.apicalFourChamber, 0.85), (.parasternalShortAxis, 0.95)]
        }
    }

    /// The folder of a view's list and videos, with a slash, or nothing.
    func folder(_ view: View) -> String { self == .echonetPediatric ? "\(view.rawValue)/" : "" }
}
