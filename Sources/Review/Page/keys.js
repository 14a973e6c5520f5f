// Which key calls which action: built in, then the form's, then the session's, then a person's own.

import { keepKeys, ownKeys } from "./settings.js";

const builtIn = [
  ["Move", [
    ["next", "next clip", "ArrowRight", "d"], ["previous", "previous clip", "ArrowLeft", "a"],
    ["nextStudy", "next study", "ArrowDown", "s"], ["previousStudy", "previous study", "ArrowUp", "Shift+S"],
    ["undecided", "next undecided clip", "n"], ["sheet", "sheet of all clips", "g"], ["filter", "filter", "/"],
  ]],
  ["Look", [
    ["play", "play or pause", " "], ["frameBack", "frame back", ","], ["frameOn", "frame on", "."],
    ["slower", "slower", "["], ["faster", "faster", "]"], ["source", "source picture", "o"],
    ["overlays", "regions, mask and crop", "m"], ["evidence", "evidence of labels", "l"],
    ["predictions", "predictions and attention", "p"], ["reveal", "reveal labels, which is recorded", "r"],
  ]],
  ["Decide", [["label", "label of your own", "t"], ["undo", "undo", "z"], ["redo", "redo", "Shift+Z"]]],
  ["Page", [
    ["agreement", "agreement between raters", "y"], ["theme", "dark or light", "b"], ["help", "keys and settings", "?"],
  ]],
];

const words = {
  " ": "Space", ArrowRight: "→", ArrowLeft: "←", ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc", Backspace: "⌫", Enter: "↵",
};
export const spelled = (key) => key.split("+").map((part) => words[part] ?? (part.length === 1 ? part.toUpperCase() : part))
  .join("+") || "+";

/** The key of an event, the same on every layout: `k`, `Shift+Z`, `?`, `ArrowLeft`. */
export function keyOf(event) {
  let key = event.key;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  if (letter && !/^[ -~]$/.test(key)) key = letter;
  if (/^[a-z]$/i.test(key)) return event.shiftKey ? `Shift+${key.toUpperCase()}` : key.toLowerCase();
  return event.shiftKey && key.length > 1 ? `Shift+${key}` : key;
}

export class Keys {
  #byKey = new Map();
  #byAction = new Map();

  constructor(session) {
    this.given = session.keys ?? {};
    const decide = session.form.fields.flatMap((field) => [
      ...(field.key ? [[`${field.name}=`, field.title.toLowerCase(), field.key]] : []),
      ...field.choices.map((choice) => [`${field.name}=${choice.value}`, `${field.title.toLowerCase()}: ${choice.title}`, choice.key ?? ""]),
    ]);
    const ownLabel = session.form.fields.some((field) => field.key === "t");
    this.groups = builtIn.map(([title, actions]) => [title, title === "Decide" ? [...decide, ...actions.filter(([name]) => name !== "label" || !ownLabel)] : actions])
      .map(([title, actions]) => ({ title, actions: actions.map(([name, text, ...keys]) => ({ name, text, keys, ofForm: name.includes("=") })) }));
    this.#read();
  }

  #read() {
    const own = ownKeys();
    const actions = this.groups.flatMap((group) => group.actions);
    const lists = actions.map((action) => ({
      name: action.name,
      keys: [own[action.name] ?? this.given[action.name] ?? action.keys].flat().filter(Boolean),
      rank: own[action.name] ? 3 : this.given[action.name] ? 2 : action.ofForm ? 1 : 0,
    }));
    // Where two want one key, the later source has it, and of the same source the first key before a second.
    this.#byKey.clear();
    const claims = lists.flatMap(({ name, keys, rank }) => keys.map((key, place) => ({ key, name, rank: rank - place / 10 })));
    for (const { key, name } of claims.sort((a, b) => a.rank - b.rank)) this.#byKey.set(key, name);
    this.#byAction.clear();
    for (const { name, keys } of lists) this.#byAction.set(name, keys.filter((key) => this.#byKey.get(key) === name));
  }

  action(event) {
    const key = keyOf(event);
    const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
    return this.#byKey.get(key) ?? (digit && !event.shiftKey ? this.#byKey.get(digit) : undefined);
  }

  of(action) { return this.#byAction.get(action) ?? []; }
  first(action) { const key = this.of(action)[0]; return key === undefined ? "" : spelled(key); }
  text(action) { return this.groups.flatMap((group) => group.actions).find(({ name }) => name === action)?.text ?? action; }

  /** Gives `key` to `action` and takes it from the action that had it. */
  assign(action, key) {
    const own = ownKeys(), had = this.#byKey.get(key);
    if (had === action) return;
    if (had) own[had] = this.of(had).filter((other) => other !== key);
    own[action] = [key, ...this.of(action).slice(1)];
    keepKeys(own);
    this.#read();
  }

  reset() { keepKeys({}); this.#read(); }
}
