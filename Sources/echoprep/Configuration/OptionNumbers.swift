// Every number that a user gives, checked at one place before a command does anything with it.

import ArgumentParser
import EchoCore

/// A value of an option that is a number in other words.
protocol Measured {
    var number: Double { get }
}

/// The first option whose number makes no sense (`NumberRange`), as an error that names it; nil where there is none.
func wrongNumber(of command: any ParsableCommand) -> EchoError? {
    let kind: any ParsableCommand.Type = type(of: command)
    let options = DeclaredOption.all(of: kind), values = declaredValues(command)
    // ArgumentParser's own, as help, have parts that it does not tell of, and no number.
    guard values.count == options.count else { return nil }
    for (option, value) in zip(options, values) {
        guard let number = number(value), let fault = NumberRange.of(option.name).fault(number) else {
            continue
        }
        return EchoError(option.kind == .positional ? option.name : "--\(option.name)", fault, isUsage: true)
    }
    return nil
}

/// The number that an option has; nil where it has none, or where any will do, as for a seed.
private func number(_ value: Any) -> Double? {
    switch value {
    case let value as any Gap: value.content.flatMap(number)
    case is UInt64: nil
    case let value as any FixedWidthInteger: Double("\(value)")
    case let value as Double: value
    case let value as any Measured: value.number
    default: nil
    }
}
