// The foot of a chat: START, the text field, pictures, command suggestions, what is being replied to.
import { post } from "./api.js";
import { $, dialog, h, icon, icons, toast } from "./dom.js";
import { nameOf, summary } from "./list.js";
import { botsOf, changed, commandsOf, listens, state, topicsOf, visible } from "./state.js";

const drafts = new Map();
let replyTo = null;
let drawn = "";
let chosen = 0;

const current = () => state.chats.get(state.active);
const field = () => $("text");

/** Starts a reply to a message. */
export function replyWith(message) {
  replyTo = message;
  drawn = "";
  drawFoot();
  field()?.focus();
}

async function send(chat, body) {
  const { bot, chat: id } = chat;
  const fields = { user: state.me.id, bot, chat: id, ...(replyTo ? { reply_to: replyTo.id } : {}), ...(chat.topic ? { thread: chat.topic } : {}) };
  replyTo = null;
  if (body instanceof FormData) for (const [name, value] of Object.entries(fields)) body.set(name, value);
  await post("messages", body instanceof FormData ? body : { ...fields, ...body });
}

/** Sends a text at once; puts it back when that fails. */
export async function say(text) {
  const chat = current();
  try {
    await send(chat, { text });
  } catch (error) {
    toast(error.message);
    if (field() && !field().value) field().value = text;
  }
  drawn = "";
  drawFoot();
}

function submit() {
  const text = field().value.trim();
  if (!text) return;
  if (text.length > 4096) return toast(`A message has at most 4096 characters; this one has ${text.length}.`);
  field().value = "";
  drafts.delete(state.active);
  grow();
  suggest();
  say(text);
}

function grow() {
  const area = field();
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

/** Asks for a caption and sends a picture, or any other file as a document. */
export function offerFile(file) {
  const chat = current();
  if (!chat || !file) return;
  const isPhoto = /^image\/(png|jpeg|webp|gif)$/.test(file.type);
  const address = isPhoto ? URL.createObjectURL(file) : null;
  const caption = h("input", { placeholder: "Caption", maxlength: 1024, "aria-label": "Caption", value: field()?.value ?? "" });
  const form = h("form", { onsubmit: async (event) => {
    event.preventDefault();
    box.close();
    const body = new FormData();
    body.set(isPhoto ? "photo" : "document", file, file.name || "picture.png");
    if (caption.value.trim()) body.set("caption", caption.value.trim());
    if (field()) field().value = "";
    try { await send(chat, body); } catch (error) { toast(error.message, 6000); }
    drawn = "";
    drawFoot();
  } }, caption, h("button", { class: "do" }, "Send"));
  const { box, closed } = dialog([h("h2", {}, isPhoto ? "Send a photo" : "Send a file"),
    isPhoto ? h("img", { class: "preview", src: address, alt: "" }) : h("p", {}, file.name), form]);
  caption.focus();
  closed.then(() => address && URL.revokeObjectURL(address));
}

function suggestions() {
  const chat = current();
  const text = field()?.value ?? "";
  if (!chat || !/^\/\S*$/.test(text)) return [];
  return commandsOf(chat).filter(({ command }) => command.startsWith(text.toLowerCase()) && command !== text).slice(0, 20);
}

function suggest() {
  const found = suggestions();
  chosen = Math.min(chosen, Math.max(0, found.length - 1));
  const list = $("suggest");
  list.hidden = found.length === 0;
  list.replaceChildren(...found.map(({ command, description }, index) => h("li", {
    role: "option", "aria-selected": String(index === chosen), onmousedown: (event) => { event.preventDefault(); take(command); },
  }, h("b", {}, command), h("span", {}, description))));
  list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
}

function take(command, atOnce = true) {
  field().value = atOnce ? command : `${command} `;
  if (atOnce) submit(); else { suggest(); field().focus(); }
}

function onKey(event) {
  const found = suggestions();
  if (found.length && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    event.preventDefault();
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length;
    return suggest();
  }
  if (found.length && event.key === "Tab") { event.preventDefault(); return take(found[chosen].command, false); }
  if (event.key === "Escape" && replyTo) return replyWith(null);
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (found.length) take(found[chosen].command); else submit();
}

function compose() {
  const area = h("textarea", { id: "text", rows: 1, placeholder: "Message", "aria-label": "Message", maxlength: 8192, onkeydown: onKey,
    oninput: () => { drafts.set(state.active, area.value); chosen = 0; grow(); suggest(); },
    onpaste: (event) => { const [file] = event.clipboardData.files; if (file) { event.preventDefault(); offerFile(file); } } });
  const pick = h("input", { type: "file", accept: "image/*,video/mp4,.pdf,.zip,.svg,.txt", hidden: true, onchange: () => { offerFile(pick.files[0]); pick.value = ""; } });
  const slash = h("button", { class: "icon", title: "Commands", "aria-label": "Commands", onclick: () => { area.value = "/"; area.focus(); grow(); suggest(); } }, icon(icons.slash));
  slash.hidden = commandsOf(current()).length === 0;
  return h("div", { class: "compose" }, pick,
    h("button", { class: "icon", title: "Send a picture or file", "aria-label": "Send a picture or file", onclick: () => pick.click() }, icon(icons.clip)),
    area, slash, h("button", { class: "icon send", title: "Send", "aria-label": "Send", onclick: submit }, icon(icons.send)));
}

/** The topics of a group, and a way to open another. */
function topics(chat) {
  const known = topicsOf(chat);
  const enter = (topic) => () => { chat.topic = topic; replyTo = null; changed(); };
  const chip = (topic) => h("button", { "aria-current": topic === (chat.topic ?? 0) && "true", onclick: enter(topic) }, topic ? `Topic ${topic - 1}` : "General");
  return h("div", { class: "topics" }, known.map(chip), h("button", { onclick: enter(Math.max(1, ...known) + 1) }, "+ Topic"));
}

/** Draws the foot when something in it changed; typing is never disturbed. */
export function drawFoot() {
  const chat = current();
  const foot = $("foot");
  if (!chat) { drawn = ""; return foot.replaceChildren(); }
  const bots = botsOf(chat);
  const messages = visible(chat);
  const offline = bots.length > 0 && !bots.some(listens);
  const blank = chat.chat > 0 && messages.length === 0;
  // a tap on an example is a prompt, too: then there is a picture
  const prompted = messages.some((message) => message.kind === "photo" || (!message.from.is_bot && !(message.text ?? "").startsWith("/")));
  const hint = offline ? "off" : chat.chat > 0 && !blank && !prompted ? "type" : "";
  const signature = JSON.stringify([chat.key, blank, hint, replyTo?.id, commandsOf(chat).length > 0, chat.chat < 0 && topicsOf(chat), chat.topic]);
  if (signature === drawn) return;
  const typed = drawn.startsWith(`["${chat.key}"`) ? field()?.value : undefined;
  const focused = document.activeElement === field() || (!drawn && matchMedia("(min-width: 700px)").matches);
  drawn = signature;
  const parts = [];
  if (chat.chat < 0) parts.push(topics(chat));
  if (hint === "off") parts.push(h("p", { class: "hint off", role: "status" }, "The bot is not connected right now. What you send waits for it."));
  if (hint === "type") parts.push(h("p", { class: "hint" }, "Type what you would like to see and press Enter"));
  if (replyTo) {
    parts.push(h("div", { class: "replying" }, h("div", { class: "quote" }, h("b", {}, nameOf(replyTo.from)), h("span", {}, summary(replyTo))),
      h("button", { class: "icon", "aria-label": "Do not reply", onclick: () => replyWith(null) }, icon(icons.close))));
  }
  if (blank) parts.push(h("button", { class: "start", onclick: () => say("/start") }, "START"));
  else parts.push(compose());
  foot.replaceChildren(...parts, h("ul", { id: "suggest", class: "suggest", role: "listbox", "aria-label": "Commands", hidden: true }));
  if (blank) return;
  field().value = typed ?? drafts.get(chat.key) ?? "";
  grow();
  suggest();
  if (focused) field().focus({ preventScroll: true });
}

export function forgetReply() { replyTo = null; }
