// Small helpers around the DOM. Text always goes in as text, never as markup.

/** Makes an element; `on…` props are listeners, `class` and the rest attributes. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An icon from the data of one path. */
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const icons = {
  close: "M6 6l12 12M18 6L6 18",
  clip: "M20 11.5l-8.2 8.2a5 5 0 0 1-7-7L13 4.5a3.3 3.3 0 0 1 4.7 4.7l-8.2 8.1a1.7 1.7 0 0 1-2.3-2.3l7.5-7.5",
  send: "M4 12l16-8-6 16-2.5-6.5L4 12z",
  file: "M6 3h8l5 5v13H6zM14 3v5h5M12.5 11v6m0 0l-2.5-2.5m2.5 2.5l2.5-2.5",
  save: "M12 4v11m0 0l-4-4m4 4l4-4M5 20h14",
  prev: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  answer: "M10 8V4L3 11l7 7v-4c5 0 8 1.5 10 5 0-6-3-11-10-11z",
  slash: "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM14 8l-4 8",
};

export const $ = (id) => document.getElementById(id);

/** A round face with initials, coloured by id. */
export function face(id, name, extra = "") {
  const initials = (name || "?").trim().split(/\s+/).slice(0, 2).map((word) => [...word][0] ?? "").join("").toUpperCase();
  return h("span", { class: `face c${tint(id)} ${extra}`, "aria-hidden": "true" }, initials || "?");
}

export const tint = (id) => Math.abs(Number(id)) % 6;

export function toast(text, ms = 3500) {
  const note = h("p", {}, text);
  $("toasts").append(note);
  setTimeout(() => note.remove(), ms);
}

/** Opens a modal dialog; resolves when it closes, with its return value. */
export function dialog(content, props = {}) {
  const box = h("dialog", props, content);
  document.body.append(box);
  box.addEventListener("click", (event) => event.target === box && box.close());
  const closed = new Promise((done) => box.addEventListener("close", () => { done(box.returnValue); box.remove(); }));
  box.showModal();
  return { box, closed };
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const dayMonth = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long" });
const shortDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const dayOf = (ms) => new Date(ms).toDateString();

export const timeOf = (ms) => clock.format(ms);
export const fullTime = (ms) => full.format(ms);
export const shortTime = (ms) => (dayOf(ms) === dayOf(Date.now()) ? clock.format(ms) : shortDay.format(ms));
export function dayName(ms) {
  if (dayOf(ms) === dayOf(Date.now())) return "Today";
  if (dayOf(ms) === dayOf(Date.now() - 86_400_000)) return "Yesterday";
  return dayMonth.format(ms);
}
export function bytes(size) {
  if (size < 1024) return `${size} B`;
  return size < 1048576 ? `${(size / 1024).toFixed(0)} KB` : `${(size / 1048576).toFixed(1)} MB`;
}
