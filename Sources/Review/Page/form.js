// The form's fields as buttons and inputs that stay where they are while clips go by.

import { el, kbd } from "./dom.js";

const symbols = { "clip=keep": "✓", "clip=exclude": "✕" };

/** The choices of some decisions in a few letters: "✓ A4C good". */
export function inShort(form, decisions) {
  return form.fields.filter((field) => field.choices.length && decisions[field.name])
    .flatMap((field) => String(decisions[field.name]).split("|").map((value) =>
      symbols[`${field.name}=${value}`] ?? field.choices.find((choice) => choice.value === value)?.title ?? value))
    .join(" ");
}

/** Whether nothing is left to be chosen of a clip: all its choices are made, or it is left out. */
export function complete(form, decisions) {
  if (decisions.clip === "exclude") return true;
  return form.fields.filter((field) => field.unit === "clip" && (field.kind === "one" || field.kind === "ordinal"))
    .every((field) => decisions[field.name]);
}

/** What a choice makes of a field: chosen, taken back where it was chosen, one more or less of many. */
export function choose(field, value, had) {
  if (field.kind !== "many") return had === value ? null : value;
  const all = new Set(had ? had.split("|") : []);
  if (!all.delete(value)) all.add(value);
  return field.choices.map((choice) => choice.value).filter((one) => all.has(one)).join("|") || null;
}

export class Form {
  #buttons = [];
  #inputs = new Map();
  #place = null;

  /** `short`: the choices only, in one line, as the sheet has them. */
  constructor(root, session, keys, { choose, write }, short = false) {
    Object.assign(this, { root, fields: session.form.fields, keys, choose, write });
    root.replaceChildren(...this.fields.filter((field) => !short || field.choices.length).map((field) => this.#field(field, short)));
    this.nameKeys();
  }

  #field(field, short) {
    const title = field.unit === "study" ? `${field.title} of the study` : field.title;
    if (field.choices.length) {
      const buttons = field.choices.map((choice) => {
        const button = el("button", { type: "button", class: "choice", "aria-pressed": "false", onclick: () => this.choose(field, choice.value) });
        this.#buttons.push({ button, field, choice });
        return button;
      });
      return el("div", { class: `field ${field.name === "clip" ? "verdict" : ""}`, role: "group", "aria-label": title },
        el("span", { class: short ? "unseen" : "title" }, title), el("div", { class: "choices" }, buttons));
    }
    const input = field.kind === "number"
      ? el("input", { type: "text", inputMode: "decimal", autocomplete: "off" })
      : el("textarea", { rows: 1, autocomplete: "off", spellcheck: false });
    const store = () => this.#store(field, input);
    input.addEventListener("blur", store);
    input.addEventListener("input", () => { input.style.height = "auto"; input.style.height = `${input.scrollHeight + 2}px`; });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") input.value = input.dataset.had ?? "";
      if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) { event.preventDefault(); input.blur(); }
    });
    this.#inputs.set(field.name, { input, field });
    return el("label", { class: "field written" }, el("span", { class: "title" }, title), input, el("kbd", { "aria-hidden": "true" }));
  }

  nameKeys() {
    for (const { button, field, choice } of this.#buttons) {
      button.replaceChildren(...[kbd(this.keys.first(`${field.name}=${choice.value}`)), choice.title].filter(Boolean));
    }
    for (const { input, field } of this.#inputs.values()) {
      const key = this.keys.first(`${field.name}=`), shown = input.parentElement.querySelector("kbd");
      [shown.textContent, shown.hidden] = [key, !key];
    }
  }

  #store(field, input) {
    const text = input.value.trim();
    if (this.#place === null || text === (input.dataset.had ?? "")) return;
    if (field.kind === "number" && text && !Number.isFinite(Number(text.replace(",", ".")))) {
      input.setAttribute("aria-invalid", "true");
      return;
    }
    input.removeAttribute("aria-invalid");
    input.dataset.had = text;
    this.write(field, this.#place, field.kind === "number" ? text.replace(",", ".") || null : text || null);
  }

  edit(name) {
    const { input } = this.#inputs.get(name) ?? {};
    input?.focus();
    input?.select();
    input?.scrollIntoView({ block: "nearest" });
  }

  show(place, decisions) {
    if (place !== this.#place) for (const { input, field } of this.#inputs.values()) if (input === document.activeElement) this.#store(field, input);
    for (const { button, field, choice } of this.#buttons) {
      const value = decisions[field.name];
      const on = field.kind === "many" ? String(value ?? "").split("|").includes(choice.value) : value === choice.value;
      button.setAttribute("aria-pressed", on);
    }
    for (const { input, field } of this.#inputs.values()) {
      const had = String(decisions[field.name] ?? "");
      if (place === this.#place && input === document.activeElement) continue;
      [input.value, input.dataset.had] = [had, had];
      input.removeAttribute("aria-invalid");
      input.style.height = "auto";
      if (had && input.scrollHeight) input.style.height = `${input.scrollHeight + 2}px`;
    }
    this.#place = place;
  }
}
