// Who was examined when, and why: subjects, their stays in hospital, and the studies among them.

package import EchoCore

/// A subject as MIMIC-IV's patients table has it.
package struct Subject: Sendable {
    package let subject: Int
    package let gender: String
    let anchorAge: Int, anchorYear: Int
    let anchorYearGroup: String
    var death: Timestamp?
}

/// A diagnosis of a stay.
package struct CodedDiagnosis: Sendable {
    package let code: String
    package let version: Int
}

/// A stay in hospital as MIMIC-IV's admissions and diagnoses tables have it.
package struct HospitalStay: Sendable {
    package let subject: Int, hadm: Int
    package let admitted: Timestamp, discharged: Timestamp
    package var emergency: (registered: Timestamp, left: Timestamp)?
    package var died = false
    /// In order of their rank.
    package var diagnoses: [CodedDiagnosis] = []
}

/// A study, with the diagnoses that shape its anatomy.
package struct SyntheticStudy: Sendable {
    package let subject: Int, study: Int
    package let time: Timestamp
    package let diagnoses: Diagnoses
    /// Where the study lies among the subject's stays; for the truth file.
    package let place: Place

    /// How a study relates to the stays of its subject.
    package enum Place: String, Sendable, CaseIterable {
        case inStay = "in-stay"
        case inOverlappingStays = "in-overlapping-stays"
        case inEmergencyDepartment = "in-emergency-department"
        case inStayWithoutDiagnoses = "in-stay-without-diagnoses"
        case inStayOfICD9 = "in-stay-of-icd-9"
        case betweenStays = "between-stays"
        case subjectNeverAdmitted = "subject-never-admitted"
    }

    /// files/pNN/pSUBJECT/sSTUDY
    var folder: String { "files/p\(String(subject).prefix(2))/p\(subject)/s\(study)" }
}

/// The cohort before anything is rendered.
package struct Cohort: Sendable {
    package var subjects: [Subject] = []
    package var stays: [HospitalStay] = []
    /// In order of subject, then time.
    package var studies: [SyntheticStudy] = []

    /// A cohort made up from nothing but a seed.
    package init(studies count: Int, seed: UInt64) {
        var random = SeededRandom(seed: seed, "cohort")
        var numbers = Numbers()
        while studies.count < count {
            let subject = numbers.unused(in: 10_000_000...19_999_999, &random)
            var visits = 1
            while visits < 4, random.uniform() < 0.24 { visits += 1 }
            addSubject(subject, studies: min(visits, count - studies.count), &numbers, &random)
        }
        sort()
    }

    mutating func sort() {
        subjects.sort { $0.subject < $1.subject }
        stays.sort { ($0.subject, $0.admitted, $0.hadm) < ($1.subject, $1.admitted, $1.hadm) }
        studies.sort { ($0.subject, $0.time, $0.study) < ($1.subject, $1.time, $1.study) }
    }

    /// Identifiers as large as MIMIC's, each given once.
    struct Numbers {
        private var given: Set<Int> = []

        mutating func unused(in range: ClosedRange<Int>, _ random: inout SeededRandom) -> Int {
            while true {
                let number = range.lowerBound + random.below(range.count)
                if given.insert(number).inserted { return number }
            }
        }
        mutating func stay(_ random: inout SeededRandom) -> Int {
            unused(in: 20_000_000...29_999_999, &random)
        }
        mutating func study(_ random: inout SeededRandom) -> Int {
            unused(in: 90_000_000...99_999_999, &random)
        }
    }

    private mutating func addSubject(
        _ subject: Int, studies visits: Int, _ numbers: inout Numbers, _ random: inout SeededRandom
    ) {
        let groups = ["2008 - 2010", "2011 - 2013", "2014 - 2016", "2017 - 2019", "2020 - 2022"]
        let year = 2110 + random.below(90)
        subjects.append(
            Subject(
                subject: subject, gender: random.uniform() < 0.47 ? "F" : "M",
                anchorAge: max(18, min(91, Int(68 + 14 * random.normal()))), anchorYear: year,
                anchorYearGroup: groups[random.below(groups.count)]))
        let diagnoses = Diagnoses(random: &random)
        let place = Cohort.place(&random)
        var time = Timestamp(year: year, day: random.below(300)) + random.uniform(0...24)
        for visit in 0..<visits {
            // A subject that was never admitted has no stay at all; otherwise each visit has its own story.
            let here = visit == 0 || place == .subjectNeverAdmitted ? place : Cohort.visitPlace(&random)
            add(
                SyntheticStudy(
                    subject: subject, study: numbers.study(&random), time: time, diagnoses: diagnoses,
                    place: here),
                &numbers, &random)
            time = time + random.uniform(40...220) * 24
        }
    }

    private static func place(_ random: inout SeededRandom) -> SyntheticStudy.Place {
        random.uniform() < 0.03 ? .subjectNeverAdmitted : visitPlace(&random)
    }

    private static func visitPlace(_ random: inout SeededRandom) -> SyntheticStudy.Place {
        switch random.uniform() {
        case ..<0.84: .inStay
        case ..<0.88: .inOverlappingStays
        case ..<0.91: .inEmergencyDepartment
        case ..<0.93: .inStayWithoutDiagnoses
        case ..<0.96: .inStayOfICD9
        default: .betweenStays
        }
    }

    /// Adds a study and the stays that put it where it says it is.
    private mutating func add(_ study: SyntheticStudy, _ numbers: inout Numbers, _ random: inout SeededRandom)
    {
        studies.append(study)
        let length = random.uniform(40...260)
        let before = random.uniform(0.1...0.9) * length
        var admitted = study.time + -before
        switch study.place {
        case .subjectNeverAdmitted: return
        case .inEmergencyDepartment: admitted = study.time + random.uniform(0.5...5)
        case .betweenStays: admitted = study.time + -(length + random.uniform(100...400))
        default: break
        }
        let wholeMinute = { (time: Timestamp) in Timestamp(seconds: time.seconds / 60 * 60) }
        admitted = wholeMinute(admitted)
        var stay = HospitalStay(
            subject: study.subject, hadm: numbers.stay(&random), admitted: admitted,
            discharged: wholeMinute(admitted + length))
        if study.place == .inEmergencyDepartment || random.uniform() < 0.5 {
            stay.emergency = (
                wholeMinute(admitted + -random.uniform(5.5...9)),
                wholeMinute(admitted + random.uniform(0...1))
            )
        }
        stay.died = random.uniform() < 0.03 && study.place != .betweenStays
        switch study.place {
        case .inStayWithoutDiagnoses: break
        case .inStayOfICD9: stay.diagnoses = Cohort.coded(study.diagnoses, version: 9, &random)
        default: stay.diagnoses = Cohort.coded(study.diagnoses, version: 10, &random)
        }
        stays.append(stay)
        if study.place == .inOverlappingStays {
            var other = HospitalStay(
                subject: study.subject, hadm: numbers.stay(&random), admitted: wholeMinute(admitted + -30),
                discharged: wholeMinute(study.time + random.uniform(1...20)))
            other.diagnoses = Cohort.coded(study.diagnoses, version: 10, &random)
            stays.append(other)
        }
    }

    /// The diagnoses as a coder writes them: in some order, now and then with a code that nobody knows.
    private static func coded(_ diagnoses: Diagnoses, version: Int, _ random: inout SeededRandom)
        -> [CodedDiagnosis]
    {
        var codes = diagnoses.codes.compactMap { code -> String? in
            version == 10 ? code : Condition.byCategory[String(code.prefix(3))]?.before2015?.code
        }
        if version == 9, codes.isEmpty { codes = ["4019"] }
        let order = random.sample(codes.count, of: codes.count)
        var rows = order.map { CodedDiagnosis(code: codes[$0], version: version) }
        if version == 10 {
            if random.uniform() < 0.02 { rows.append(CodedDiagnosis(code: "X9Z9", version: 10)) }
            // A stay over the change of systems keeps an old code among new ones.
            if random.uniform() < 0.03 { rows.append(CodedDiagnosis(code: "V5861", version: 9)) }
        }
        return rows
    }
}
