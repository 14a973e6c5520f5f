// What a person likes, kept in this browser: colours, pace, keys.

const defaults = { theme: "dark", advance: "complete", speed: 1, overlays: true, evidence: true, predictions: false };

const stored = (name) => {
  try { return JSON.parse(localStorage.getItem(`echoprep.${name}`)); } catch { return null; }
};

export const settings = { ...defaults, ...stored("settings") };

export function set(name, value) {
  settings[name] = value;
  localStorage.setItem("echoprep.settings", JSON.stringify(settings));
}

export const ownKeys = () => stored("keys") ?? {};
export const keepKeys = (keys) => localStorage.setItem("echoprep.keys", JSON.stringify(keys));

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
