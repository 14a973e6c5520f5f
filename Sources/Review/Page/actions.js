// Actions by their names: a key, a button and the help all come here.

import { showAgreement } from "./dialogs.js";
import { $ } from "./dom.js";
import { set, settings } from "./settings.js";

const ofOneClip = ["play", "frameBack", "frameOn", "source", "overlays", "evidence", "predictions", "reveal"];

export function act(review, name) {
  const { clips, sheet, stage } = review;
  const inSheet = { next: 1, previous: -1, nextStudy: sheet.columns, previousStudy: -sheet.columns };
  if (sheet.shown && name in inSheet) return sheet.move(inSheet[name]);
  if (sheet.shown && ofOneClip.includes(name)) review.toggleSheet(false);
  const [field, value] = name.split(/=(.*)/);
  if (value) return review.deciding.choose(review.fields.get(field), value);
  if (value === "") {
    if (sheet.shown) review.toggleSheet(false);
    return review.form.edit(field);
  }
  const position = clips.position(review.place);
  const actions = {
    next: () => (position + 1 < clips.count ? review.go(clips.place(position + 1)) : review.say("This is the last clip.")),
    previous: () => (position > 0 ? review.go(clips.place(position - 1)) : review.say("This is the first clip.")),
    nextStudy: () => review.studyBy(1),
    previousStudy: () => review.studyBy(-1),
    undecided: () => review.undecided().catch((refusal) => review.say(refusal.words ?? refusal.message, true)),
    sheet: () => review.toggleSheet(),
    filter: () => review.filter.open(),
    play: () => stage.player.play(),
    frameBack: () => stage.player.step(-1),
    frameOn: () => stage.player.step(1),
    slower: () => stage.player.pace(-1),
    faster: () => stage.player.pace(1),
    source: () => stage.toggleSource(),
    overlays: () => stage.toggleOverlays(),
    evidence: () => { set("evidence", !settings.evidence); if (review.facts) review.drawFacts(); },
    predictions: () => {
      set("predictions", !settings.predictions);
      if (review.facts) review.drawFacts();
      $("details").scrollTop = 0;
    },
    reveal: () => {
      if (!review.session.blind || review.facts?.blind === false) review.say("Nothing is hidden here.");
      else review.deciding.outbox.add("reveal", { place: review.place });
    },
    undo: () => review.deciding.undo(),
    redo: () => review.deciding.redo(),
    label: () => review.say("This form has no label of your own: add a field with the key T to it (--form)."),
    agreement: () => showAgreement(review.session.blind),
    theme: () => review.theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"),
    help: () => review.help.open(),
  };
  return actions[name]?.();
}

export function pressed(review, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const dialog = document.querySelector("dialog[open]");
  if (dialog) {
    if (event.key !== "Escape" && !(event.key === "?" && dialog.id === "help")) return;
    dialog.close();
    return event.preventDefault();
  }
  // A dialog that was just closed keeps the focus until the page is drawn again.
  const { target } = event, tag = target.closest?.("dialog:not([open])") ? "BODY" : target.tagName, { sheet } = review;
  if (tag === "TEXTAREA" || tag === "SELECT" || (tag === "INPUT" && target.type !== "range")) return;
  if (target.type === "range" && event.key.startsWith("Arrow")) return;
  if (tag === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
  if (sheet.shown) {
    const far = { Home: -Infinity, End: Infinity, PageUp: -sheet.page, PageDown: sheet.page }[event.key];
    const arrow = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: sheet.columns, ArrowUp: -sheet.columns }[event.key];
    const by = far ?? (event.shiftKey ? arrow : undefined);
    if (by !== undefined) {
      sheet.move(Math.min(Math.max(by, -review.clips.count), review.clips.count), event.shiftKey);
      return event.preventDefault();
    }
    if (event.key === "Escape" && sheet.anchor !== null) {
      sheet.clear();
      return event.preventDefault();
    }
    if (event.key === "Enter" || event.key === "Escape") {
      review.toggleSheet(false);
      return event.preventDefault();
    }
  } else if (event.key === "PageDown" || event.key === "PageUp") {
    $("details").scrollBy({ top: (event.key === "PageDown" ? 0.85 : -0.85) * $("details").clientHeight });
    return event.preventDefault();
  } else if (event.key === "Escape" && review.stage.source) {
    review.stage.toggleSource(false);
    return event.preventDefault();
  }
  const action = review.keys.action(event);
  if (!action) return;
  event.preventDefault();
  // A key that is held goes on through clips and frames, and decides once.
  if (event.repeat && !/^(next|previous|frame)/.test(action)) return;
  act(review, action);
}
