// How the page asks the program: with the token of its address, which leaves the address bar at once.

function take() {
  const given = location.hash.match(/token=([^&]+)/)?.[1];
  if (given) sessionStorage.setItem("echoprep.token", given);
  if (location.hash) history.replaceState(null, "", location.pathname);
  return given;
}
take();
// The address of a program that was started anew, in the page that is open.
addEventListener("hashchange", () => { if (take()) location.reload(); });

const token = () => sessionStorage.getItem("echoprep.token") ?? "";

/** What the program refused: its status, what it said, what to try. `status` 0: it did not answer. */
export class Refusal extends Error {
  constructor(status, error, advice) {
    super(error);
    this.status = status;
    this.advice = advice ?? "";
  }
  get words() { return this.advice ? `${this.message} ${this.advice}` : this.message; }
}

export async function ask(path, options = {}) {
  const headers = { Authorization: `Bearer ${token()}`, ...options.headers };
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-store" });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Refusal(0, "The program does not answer.", "Start echoprep review again; nothing that you pressed is lost.");
  }
  if (response.ok) return response;
  let said = {};
  try { said = await response.json(); } catch { /* not of our program */ }
  const stop = (text) => (text && !/[.!?]$/.test(text) ? `${text}.` : text);
  throw new Refusal(response.status, stop(said.error) ?? `The program answered ${response.status}.`, stop(said.try));
}

export const json = async (path, options) => (await ask(path, options)).json();

export const post = (path, body) => json(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
});
