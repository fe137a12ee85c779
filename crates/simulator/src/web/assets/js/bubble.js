// One message, or one album, as DOM.
import { post } from "./api.js";
import { bytes, dialog, fullTime, h, icon, icons, timeOf, tint, toast } from "./dom.js";
import { openPhoto } from "./lightbox.js";
import { nameOf, summary } from "./list.js";
import { isMine, state } from "./state.js";
import { copy, rich } from "./text.js";

// where nothing hovers, a double tap replies
const TOUCH = matchMedia("(pointer: coarse)");

function stamp(message, over) {
  const title = fullTime(message.at_ms) + (message.edited_ms ? `, edited ${fullTime(message.edited_ms)}` : "");
  return h("span", { class: `stamp${over ? " over" : ""}`, title }, `${message.edited_ms && !over ? "edited " : ""}${timeOf(message.at_ms)}`);
}

function photo(message, album) {
  const { media } = message;
  const open = () => openPhoto(message);
  if (message.kind === "video" || (message.kind === "animation" && media.mime === "video/mp4")) {
    return h("div", { class: "photo" }, h("video", { src: media.url, controls: true, preload: "metadata", playsinline: true, loop: message.kind === "animation" }));
  }
  const img = h("img", { src: media.url, alt: message.caption || "Photo", decoding: "async", draggable: "false" });
  const frame = h("button", { class: "photo", onclick: open, "aria-label": "Open the photo" }, img);
  if (!album && media.width) {
    // the place is kept before the bytes are there, so nothing jumps
    const width = Math.max(150, Math.min(media.width, 430, (430 * media.width) / media.height));
    frame.style.width = `min(${Math.round(width)}px, 78vw)`;
    frame.style.aspectRatio = `${media.width} / ${media.height}`;
    frame.style.maxHeight = "min(70vh, 430px)";
  }
  return frame;
}

function file({ media }) {
  return h("a", { class: "file", href: media.url, download: media.name ?? "file" }, h("i", {}, icon(icons.file)),
    h("span", {}, h("b", {}, media.name ?? "File"), h("small", {}, bytes(media.size) + (media.width ? ` · ${media.width}×${media.height}` : ""))));
}

function quote(chat, id) {
  const target = chat.messages.get(id);
  const gone = !target || target.deleted_ms;
  return h("button", { class: "quote", onclick: () => document.getElementById(`m${id}`)?.scrollIntoView({ block: "center", behavior: "smooth" }) },
    h("b", {}, gone ? "Reply" : nameOf(target.from)), h("span", {}, gone ? "Deleted message" : summary(target)));
}

async function press(chat, message, row, column, key) {
  if (key.getAttribute("aria-busy") === "true") return;
  key.setAttribute("aria-busy", "true");
  const stop = () => key.removeAttribute("aria-busy");
  const timer = setTimeout(stop, 15_000);
  try {
    const { callback_query_id: id } = await post("press", { chat: chat.chat, bot: chat.bot, user: state.me.id, message_id: message.id, row, column });
    state.presses.set(id, (answer) => {
      clearTimeout(timer);
      stop();
      if (answer.text && answer.show_alert) {
        const { box } = dialog([h("p", { class: "pad" }, answer.text), h("button", { class: "do", onclick: () => box.close() }, "OK")]);
      } else if (answer.text) toast(answer.text);
    });
  } catch (error) {
    clearTimeout(timer);
    stop();
    toast(error.message);
  }
}

function keyboard(chat, message) {
  const key = (button, row, column) => {
    const look = ["danger", "success", "primary"].includes(button.style) ? button.style : undefined;
    if (button.url && /^https?:/i.test(button.url)) return h("a", { class: look, href: button.url, target: "_blank", rel: "noopener noreferrer" }, button.text);
    if (button.copy_text) return h("button", { class: look, onclick: () => copy(button.copy_text.text) }, button.text);
    if (!button.callback_data) return h("button", { class: look, onclick: () => toast("This button does nothing here") }, button.text);
    return h("button", { class: look, onclick: (event) => press(chat, message, row, column, event.currentTarget) }, button.text);
  };
  return h("div", { class: "keys" }, message.buttons.map((buttons, row) => h("div", {}, buttons.map((button, column) => key(button, row, column)))));
}

/** A group of messages shown as one block: a single message, or the items of an album. */
export function bubble(chat, group, { first, last, reply, command }) {
  const head = group[0];
  const own = isMine(head);
  const parts = [];
  if (chat.chat < 0 && !own && first) parts.push(h("div", { class: `author c${tint(head.from.id)}-ink` }, nameOf(head.from)));
  if (head.reply_to) parts.push(quote(chat, head.reply_to));
  const visual = (message) => ["photo", "video"].includes(message.kind) || (message.kind === "animation");
  let worded = head;
  if (group.length > 1) {
    const captioned = group.filter((message) => message.caption);
    worded = captioned.length === 1 ? captioned[0] : { ...head, caption: "" };
    if (group.every(visual)) {
      const grid = h("div", { class: "album" }, group.map((message) => photo(message, true)));
      shape(grid, group.length);
      parts.push(grid);
    } else parts.push(...group.map((message) => (visual(message) ? photo(message, true) : file(message))));
  } else if (visual(head)) parts.push(photo(head));
  else if (head.kind === "document") parts.push(file(head));
  const words = worded.text ?? worded.caption ?? "";
  const bare = !words && group.every(visual);
  if (bare) {
    const frame = parts.pop();
    parts.push(h("div", { class: "photo" }, frame, stamp(head, true)));
  } else parts.push(h("div", { class: "pad" }, words ? rich(words, worded.entities, command) : "", stamp(head)));
  const reactions = group.flatMap((message) => message.reactions).map((reaction) => h("span", {}, reaction.emoji ?? "★"));
  if (reactions.length) parts.push(h("div", { class: "reactions" }, reactions));
  const keyed = group.length === 1 && head.buttons.length > 0;
  const block = h("div", { class: "block" }, h("div", { class: "bubble" }, parts), keyed && keyboard(chat, head),
    h("button", { class: "icon answer", title: "Reply", "aria-label": "Reply to this message", onclick: () => reply(head) }, icon(icons.answer)));
  const classes = [own && "mine", first && "first", last && "last", keyed && "keyed", head.fresh && "fresh"].filter(Boolean).join(" ");
  const item = h("li", { id: `m${head.id}`, class: classes, ondblclick: (event) => (event.target === item || TOUCH.matches) && reply(head) }, block);
  for (const message of group) message.fresh = false;
  return item;
}

/** Two in a row; what is left over gets a wide place, or a row of three. */
function shape(grid, count) {
  const tiles = [...grid.children];
  if (count === 2) return;
  if (count % 2 === 1 && count < 5) tiles[0].classList.add("wide");
  else if (count % 2 === 1) tiles.slice(-3).forEach((tile) => tile.classList.add("third"));
  else if (count >= 6) tiles.slice(-(count % 3 === 0 ? count : 6)).forEach((tile) => tile.classList.add("third"));
}

