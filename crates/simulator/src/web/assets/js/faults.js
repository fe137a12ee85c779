// The panel by which a visitor can try to break it, and change the language that Telegram reports.
import { get, post } from "./api.js";
import { dialog, h, toast } from "./dom.js";
import { state } from "./state.js";

const LANGUAGES = [["en", "English"], ["ru", "Русский"]];

const rule = (action, times, extra = {}) => post("faults", { method: "*", times, action, ...extra });

const FAULTS = [
  ["Ask the bot to slow down", "The next 5 messages are refused: 429, retry after 3 s", () => rule({ kind: "reply", status: 429, retry_after: 3 }, 5, { method: "send*" })],
  ["Refuse edits", "The next 5 edits are refused: 429, retry after 3 s", () => rule({ kind: "reply", status: 429, retry_after: 3 }, 5, { method: "edit*" })],
  ["Swallow answers", "The next 5 calls take effect, and their answers are lost", () => rule({ kind: "cut" }, 5, { method: "edit*", phase: "after" })],
  ["Cut connections", "The next 10 calls end without a byte", () => rule({ kind: "cut" }, 10)],
  ["Be slow", "The next 20 calls take 2 s longer", () => rule({ kind: "delay", ms: 2000 }, 20)],
  ["Fail", "The next 10 calls are answered 502", () => rule({ kind: "reply", status: 502 }, 10)],
  ["Be kind", "No pace is enforced any more", () => post("limits", { enabled: false })],
  ["All as it should be", "No faults, and Telegram's pace", async () => { await post("reset", { scope: "faults" }); await post("limits", { enabled: true }); }],
];

/** What can be broken beside Telegram: processes and Redis, where the page comes from a demo. */
async function tricks() {
  const { tricks } = await get("tricks");
  return tricks.map(({ name, title, words }) => [title, words, () => post(`tricks/${name}`, {})]);
}

/** Opens the panel. */
export async function openFaults() {
  const more = await tricks().catch(() => []);
  const attempt = (work, done) => async () => {
    try { await work(); if (done) toast(done); } catch (error) { toast(error.message); }
  };
  const fault = ([title, words, work]) => h("button", { class: "who", onclick: attempt(work, words) },
    h("div", {}, h("b", {}, title), h("small", {}, words)));
  const speak = ([code, name]) => h("button", {
    class: "who", "aria-current": state.me?.language_code === code && "true",
    onclick: attempt(async () => { await post("users", { ...state.me, language_code: code }); box.close(); }),
  }, h("div", {}, h("b", {}, name)));
  const { box } = dialog([h("h2", {}, "I speak"), h("div", { class: "rows side" }, LANGUAGES.map(speak)),
    h("h2", {}, "Try to break it"), more.length > 0 && h("h3", {}, "The machinery"), more.length > 0 && h("div", { class: "rows" }, more.map(fault)),
    more.length > 0 && h("h3", {}, "Telegram"), h("div", { class: "rows tall" }, FAULTS.map(fault))].filter(Boolean));
}
