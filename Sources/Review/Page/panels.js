// What is known of a clip beside its pictures: why it was kept or dropped, labels with their evidence, a model's answers.

import { el, kbd } from "./dom.js";

const row = (name, value, note, className) => el("tr", { class: className },
  el("th", { scope: "row" }, name), el("td", {}, value, note && el("small", {}, note)));

const rounded = (number) => (Number.isInteger(number) ? String(number) : String(Number(number.toPrecision(4))));
export const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;

export function why(facts) {
  const { source } = facts;
  const marks = { true: ["✓", "passed"], false: ["✕", "failed"] };
  const figures = facts.figures.map((figure) => {
    const [mark, className] = marks[figure.passed] ?? ["", ""];
    return row(figure.name, [el("span", {}, figure.value), mark && el("i", { class: "mark", "aria-label": className }, mark)], figure.threshold, className);
  });
  return [
    el("h2", {}, "Why ", el("em", { class: facts.kept ? "kept" : "dropped" }, facts.kept ? "kept" : `dropped: ${facts.reason ?? ""}`)),
    facts.detail && el("p", { class: "quiet" }, facts.detail),
    el("table", { class: "why" }, el("tbody", {},
      facts.rule && row("decided by", facts.rule), facts.kind && row("kind", facts.kind), figures,
      source && row("source", `${source.width} × ${source.height}`,
        [source.frames === 1 ? "one frame" : `${source.frames} frames`, source.fps && `${rounded(source.fps)} a second`, source.there || "the file is not there"].filter((one) => one && one !== true).join(", ")))),
  ].filter(Boolean);
}

export function labels(facts, evidence, keys) {
  const heading = (text, action) => el("h2", {}, text, " ", action && kbd(keys.first(action)));
  if (facts.blind) {
    return [heading("Labels"), el("p", { class: "quiet hidden-labels" },
      "Hidden: this reading is blinded. ", el("button", { type: "button", class: "link", "data-action": "reveal" }, "Reveal"), " is recorded.")];
  }
  const parts = [];
  if (facts.labels?.length) {
    parts.push(heading("Labels", "evidence"), el("ul", { class: "labels" }, facts.labels.map((label) => el("li", {},
      el("b", {}, label.target), el("div", {},
        el("span", { class: label.value === 0 ? "absent" : "" }, label.title ?? label.target, label.value === 0 ? ": no" : label.value === 1 || label.value === null ? "" : `: ${typeof label.value === "number" ? rounded(label.value) : label.value}`),
        el("small", { class: "from" }, label.source),
        evidence && label.evidence?.length > 0 && el("ul", { class: "evidence" }, label.evidence.map((one) => el("li", {},
          el("code", {}, one.code), " ", one.title ?? "", one.place ? el("small", {}, ` no. ${one.place}`) : ""))))))));
  } else {
    parts.push(heading("Labels"), el("p", { class: "quiet" }, "None is known of this study."));
  }
  if (facts.measurements?.length) {
    parts.push(heading("Measurements"), el("table", { class: "why" }, el("tbody", {}, facts.measurements.map((one) =>
      row(one.title ?? one.name, `${typeof one.value === "number" ? rounded(one.value) : one.value} ${one.unit ?? ""}`)))));
  }
  if (facts.others?.length) {
    const raters = [...new Set(facts.others.map((one) => one.rater))];
    parts.push(heading("Other raters"), el("table", { class: "why" }, el("tbody", {}, raters.map((rater) =>
      row(rater, facts.others.filter((one) => one.rater === rater).map((one) => `${one.field} ${one.value}`).join(" · "))))));
  }
  return parts;
}

const bar = (share, className = "") => {
  const inner = el("i", { class: className });
  inner.style.width = `${Math.round(1000 * Math.min(Math.max(share, 0), 1)) / 10}%`;
  return el("span", { class: "bar", "aria-hidden": "true" }, inner);
};

/** `found`: the answer of the program, or what it said instead. */
export function predictions(found, keys, open) {
  const heading = el("h2", {}, "Predictions ", found.run && el("small", {}, found.run), " ", kbd(keys.first("predictions")));
  if (found.words) return [heading, el("p", { class: "quiet" }, found.words)];
  const known = { 1: ["✓", "is there"], 0: ["–", "is not there"] };
  return [
    heading,
    el("ul", { class: "bars" }, found.predictions.toSorted((a, b) => b.probability - a.probability).map((one) => {
      const [mark, meaning] = known[one.label] ?? ["", ""];
      return el("li", { title: `${one.title ?? one.target}: ${percent(one.probability)}${meaning && `, the label ${meaning}`}` },
        el("b", {}, one.target), el("span", { class: "name" }, one.title ?? ""), bar(one.probability, one.label === 1 ? "there" : ""),
        el("span", { class: "number" }, percent(one.probability)), el("i", { class: "mark", "aria-label": meaning && `the label ${meaning}` }, mark));
    })),
    found.attention?.length > 0 && el("h3", {}, "Attention over the study's clips"),
    found.attention?.length > 0 && el("ul", { class: "bars attention" }, found.attention.map((one) => el("li", {},
      one.place === null || one.place === undefined ? el("span", { class: "name" }, one.name.split("/").pop())
        : el("button", { type: "button", class: "link name", onclick: () => open(one.place) }, one.name.split("/").pop()),
      bar(one.share), el("span", { class: "number" }, percent(one.share))))),
  ].filter(Boolean);
}

/** How far raters agree on each field: every pair, and all of them, with intervals on one axis from 0 to 1. */
export function agreement(found) {
  const number = (value) => (value === null || value === undefined ? "–" : value.toFixed(2));
  const line = (field, who, items, value, { low, high, weighted }, open) => {
    const range = el("i", { class: "range" }), dot = el("i", { class: "dot" });
    const at = (one) => Math.min(Math.max(one ?? 0, 0), 1) * 100;
    [range.style.left, range.style.width] = [`${at(low)}%`, `${at(high) - at(low)}%`];
    dot.style.left = `${at(value)}%`;
    return el("tr", {}, el("th", { scope: "row" }, field), el("td", {}, who), el("td", { class: "n" }, String(items)),
      el("td", { class: "n" }, number(value)),
      el("td", { class: "axis" }, (value ?? null) !== null && el("span", { class: "interval", "aria-hidden": "true" }, range, dot)),
      el("td", { class: "n" }, (low ?? null) === null ? "–" : `${number(low)} – ${number(high)}`),
      el("td", { class: "n" }, number(weighted)), el("td", { class: "n" }, open));
  };
  const lines = found.fields.filter((field) => field.pairs.length).flatMap((field) => [
    ...field.pairs.map((pair, n) => line(n ? "" : field.field,
      pair.raters[0] === pair.raters[1] ? `${pair.raters[0]}, rounds ${pair.rounds.join(" and ")}` : pair.raters.join(", "),
      pair.items, pair.kappa, pair, "")),
    (field.alpha ?? null) !== null && line("", "all (alpha)", field.items, field.alpha, { low: field.low, high: field.high }, `${field.open} of ${field.disagreements}`),
  ]).filter(Boolean);
  const heads = ["Field", "Raters", "Both", "Kappa", "0 to 1", "95 %", "Weighted", "Open"];
  return [
    el("p", {}, found.open ? `Raters differ on ${found.open} decisions on which no adjudicator has decided.` : "No difference between raters is open."),
    lines.length ? el("div", { class: "scroll" }, el("table", { class: "agreement" },
      el("thead", {}, el("tr", {}, heads.map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, lines)))
      : el("p", { class: "quiet" }, "No two raters have decided the same clip yet."),
  ];
}
