// Photos full size; arrows walk through the chat's photos.
import { dialog, fullTime, h, icon, icons } from "./dom.js";
import { nameOf } from "./list.js";
import { state, visible } from "./state.js";
import { rich } from "./text.js";

export function openPhoto(message) {
  const chat = state.chats.get(state.active);
  if (!chat) return;
  let id = message.id;
  const photos = () => visible(chat).filter((one) => one.kind === "photo" || (one.kind === "animation" && one.media.mime === "image/gif"));
  const who = h("span", {});
  const stage = h("div", { class: "stage", onclick: (event) => event.target === stage && box.close() });
  const words = h("div", { class: "words" });
  const save = h("a", { class: "icon", title: "Save", "aria-label": "Save the photo" }, icon(icons.save));
  const step = (by) => {
    const all = photos();
    const to = all[all.findIndex((one) => one.id === id) + by];
    if (to) { id = to.id; draw(); }
  };
  const prev = h("button", { class: "icon prev", "aria-label": "Earlier photo", onclick: () => step(-1) }, icon(icons.prev));
  const next = h("button", { class: "icon next", "aria-label": "Later photo", onclick: () => step(1) }, icon(icons.next));
  function draw() {
    const all = photos();
    const at = all.findIndex((one) => one.id === id);
    const shown = all[at] ?? message;
    who.textContent = `${nameOf(shown.from)}, ${fullTime(shown.at_ms)} · ${shown.media.width}×${shown.media.height}`;
    stage.replaceChildren(h("img", { src: shown.media.url, alt: shown.caption || "Photo" }));
    words.replaceChildren(...rich(shown.caption ?? "", shown.entities));
    const extension = { "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif" }[shown.media.mime] ?? "png";
    save.href = shown.media.url;
    save.download = `photo-${shown.id}.${extension}`;
    prev.hidden = at <= 0;
    next.hidden = at < 0 || at >= all.length - 1;
  }
  const close = h("button", { class: "icon", title: "Close", "aria-label": "Close", onclick: () => box.close() }, icon(icons.close));
  const { box } = dialog([h("div", { class: "top" }, who, save, close), stage, words, prev, next], { class: "light", "aria-label": "Photo" });
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  draw();
}
