// What is seen in the page, as expressions of its language.

func at(_ number: Int) -> String {
    "$('#where span:last-child')?.textContent.startsWith('\(number) of')"
}
func said(_ words: String) -> String { "$('#said').textContent.includes('\(words)')" }
let saved = "$('#saving').dataset.state === 'saved'"
let choices =
    "[...document.querySelectorAll('#form [aria-pressed=true]')].map((one) => one.lastChild.textContent)"
func chosen(_ choice: String) -> String { "\(choices).includes('\(choice)')" }
func chosen() -> String { "\(choices).length" }
