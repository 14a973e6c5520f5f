// How codes of ICD-10-PCS look, which stand for procedures and sometimes get into a table of diagnoses.

/// Whether `code` (normalised), which ICD-10-CM does not have, is spelled as a code of ICD-10-PCS: seven digits and
/// letters without I and O, a section and a body system that exist.
///
/// Sections 0 to 9 begin with a digit, as no diagnosis does. Those of a letter share their first three characters with
/// diagnoses (C22, D70, F13), so what is none of ICD-10-CM's codes would be taken for a retired one of that category.
/// Body systems are those of the ICD-10-PCS tables of 2026.
func isSpelledAsProcedure(_ code: String) -> Bool {
    let characters = Array(code)
    let isSpelled = characters.allSatisfy {
        $0.isASCII && ($0.isNumber || $0.isUppercase) && $0 != "I" && $0 != "O"
    }
    guard characters.count == 7, isSpelled else { return false }
    if characters[0].isNumber { return true }
    // Before the seventh character an X fills up a code of ICD-10-CM's external causes: X08.09XA.
    if characters[0] == "X", characters[5] == "X" { return false }
    return bodySystems[characters[0]]?.contains(characters[1]) ?? false
}

/// The second characters of each section that begins with a letter.
private let bodySystems: [Character: String] = [
    "B": "02345789BDFGHLNPQRTUVWY",  // imaging
    "C": "025789BDFGHPTVW",  // nuclear medicine
    "D": "0789BDFGHMPTUVW",  // radiation therapy
    "F": "01",  // rehabilitation and audiology
    "G": "Z",  // mental health
    "H": "Z",  // substance abuse treatment
    "X": "02DFHKNRTVWXY",  // new technology
]
