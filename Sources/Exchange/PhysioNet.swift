// What PhysioNet says of MIMIC-IV-ECHO, for descriptions of what is made from it.

/// The page, licence and citation of MIMIC-IV-ECHO.
package enum PhysioNet {
    package static let page = "https://physionet.org/content/mimic-iv-echo/"
    package static let license =
        "https://physionet.org/about/licenses/physionet-credentialed-health-data-license-150/"
    package static let citation =
        "Gow et al.: MIMIC-IV-ECHO (version 1.0), PhysioNet 2026, https://doi.org/10.13026/nrjh-5r77"
}
