// The rules of `echoprep link-icd` as options, in four groups.

import ArgumentParser
import EchoCore
package import Labels

extension StayWindow.Ends: ExpressibleByArgument {}
extension StayWindow.TieBreak: ExpressibleByArgument {}
extension TargetRule.Basis: ExpressibleByArgument {}
extension LabelRule.KnownAt: ExpressibleByArgument {}
extension ICD10CM.Level: ExpressibleByArgument {}

struct StayOptions: ParsableArguments {
    @Option(help: "When a study lies in a stay; ed begins at edregtime.")
    var window = StayWindow.Ends.closed

    @Option(help: "Hours before a stay that still belong to it.")
    var marginBefore = 0.0

    @Option(help: "Hours after a stay that still belong to it.")
    var marginAfter = 0.0

    @Option(help: "Which of several stays it is.")
    var tieBreak = StayWindow.TieBreak.latest

    var rule: StayWindow {
        StayWindow(window, before: marginBefore, after: marginAfter, tieBreak: tieBreak)
    }
}

struct LabelOptions: ParsableArguments {
    enum ICD9: String, CaseIterable, ExpressibleByArgument { case ignore, gem }

    @Option(help: "The level of ICD-10-CM that labels stand at.")
    var level = ICD10CM.Level.category

    @Flag(help: "Leave out codes that the release of ICD-10-CM no longer has.")
    var strictCodes = false

    @Option(
        help: "The diagnoses of the stay, known at its discharge; or those of the stays before the study.")
    var asOf = LabelRule.KnownAt.discharge

    @Option(
        name: .customLong("icd9"), help: "What becomes of ICD-9: nothing, or what a file of mappings says.")
    var icd9 = ICD9.ignore

    @Option(help: "The file of general equivalence mappings, as CMS's 2018_I9gem.txt.", path: .file)
    var gem: String?

    var rule: LabelRule { LabelRule(level: level, strictCodes: strictCodes, knownAt: asOf, gem: gem) }

    func validate() throws {
        guard (icd9 == .gem) == (gem != nil) else {
            throw ValidationError("--icd9 gem and --gem FILE belong together")
        }
    }
}

struct TargetOptions: ParsableArguments {
    @Option(help: "How many of the most prevalent categories become targets.")
    var top = 40

    @Option(help: "The least prevalence of a target, as a share of 0 to 1.")
    var minPrevalence = 0.0

    @Option(help: "Choose targets on all labelled studies, or on those of train.")
    var fitOn = TargetRule.Basis.all

    @Option(help: "Chapters whose categories never become targets, as 5,20.")
    var exclude: String?

    @Option(
        help:
            "paper for the paper's forty targets, or a csv file with targets in the column category; else the most prevalent."
    )
    var codes: String?

    var rule: TargetRule {
        TargetRule(
            top: top, minPrevalence: minPrevalence, basis: fitOn, excludedChapters: chapters, codes: codes)
    }

    private var chapters: [String] {
        exclude?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
    }

    func validate() throws {
        guard chapters.allSatisfy({ (1...22).map(String.init).contains($0) }) else {
            throw ValidationError("--exclude names chapters by their numbers from 1 to 22, as 5,20")
        }
    }
}

struct MeasurementOptions: ParsableArguments {
    @Option(help: "The tests whose measurements become labels, as tte,stress (of tte, tee, stress), or all.")
    var testTypes = "tte"

    /// In small letters, without blanks.
    var types: String { testTypes.lowercased().filter { !$0.isWhitespace } }

    func validate() throws {
        guard
            types == "all"
                || types.split(separator: ",", omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty })
        else { throw ValidationError("--test-types is all, or names with commas, as tte,stress") }
    }
}

struct SplitOptions: ParsableArguments {
    @Option(help: "Shares of train/val/test, by a hash of subject_id.")
    var split = SplitRule.usual.shares

    @Option(help: "Seed of the hash.")
    var seed = SplitRule.usual.seed

    @Flag(help: "Spread the targets evenly over the splits.")
    var stratify = false

    @Option(
        help: "A csv file with the columns subject_id and split, instead of the hash.", path: .file)
    var splitFile: String?

    func rule() throws -> SplitRule {
        var rule = try SplitRule(split, seed: seed)
        rule.stratified = stratify
        rule.file = splitFile
        return rule
    }
}
