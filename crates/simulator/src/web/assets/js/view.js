// The right pane: head, messages, and where the reader is in them.
import { bubble } from "./bubble.js";
import { drawFoot, replyWith, say } from "./composer.js";
import { $, dayName, face, h } from "./dom.js";
import { nameOf } from "./list.js";
import { botsOf, faceId, inTopic, isMine, listens, markRead, state, titleOf } from "./state.js";

const PAGE = 120;
const TOGETHER_MS = 5 * 60_000;
const ACTIONS = {
  typing: "typing…", upload_photo: "sending a photo…", upload_document: "sending a file…", upload_video: "sending a video…",
  record_video: "recording a video…", record_voice: "recording…", upload_voice: "sending a voice message…",
};

let shownKey = null;
let limit = PAGE;
let nodes = new Map();
let lastId = 0;
let below = 0;

const nearEnd = () => { const s = $("scroll"); return s.scrollHeight - s.scrollTop - s.clientHeight < 90; };
const toEnd = () => { $("scroll").scrollTop = $("scroll").scrollHeight; };

function drawHead(chat) {
  const bots = botsOf(chat);
  const action = state.actions.get(chat.key);
  const acting = action && action.until > Date.now();
  const live = bots.some(listens);
  const what = acting ? ACTIONS[action.action] ?? "busy…" : chat.chat < 0 ? `${chat.members.length + bots.length} members` : live ? "online" : "offline";
  const signature = `${chat.key}|${titleOf(chat)}|${what}`;
  if ($("peer").dataset.drawn === signature) return;
  $("peer").dataset.drawn = signature;
  $("peer").replaceChildren(face(faceId(chat), titleOf(chat)),
    h("div", {}, h("b", {}, titleOf(chat)), h("small", { class: acting || (live && chat.chat > 0) ? "live" : "" }, what)));
}

/** Consecutive messages of one album become one group. */
function groups(messages) {
  const list = [];
  for (const message of messages) {
    const group = list.at(-1);
    if (message.album && group?.[0].album === message.album) group.push(message);
    else list.push([message]);
  }
  return list;
}

function service(message) {
  const fields = message.service ?? {};
  if (fields.migrate_to_chat_id || fields.migrate_from_chat_id) return "The group became a supergroup";
  return `${nameOf(message.from)}: ${Object.keys(fields).join(", ") || "something happened"}`;
}

/** What should be there, as key, signature and a way to make it. */
function plan(chat, messages) {
  const list = groups(messages);
  const items = [];
  let day = "";
  list.forEach((group, index) => {
    const [head] = group;
    const dated = dayName(head.at_ms);
    if (dated !== day) items.push({ key: `day${head.id}`, signature: dated, make: () => h("li", { class: "day" }, h("span", {}, dated)) });
    const before = dated === day ? list[index - 1]?.at(-1) : undefined;
    day = dated;
    if (head.kind === "service") {
      items.push({ key: `m${head.id}`, signature: "s", make: () => h("li", { class: "service" }, h("span", {}, service(head))) });
      return;
    }
    const after = list[index + 1]?.[0];
    const close = (a, b) => a && b && a.from.id === b.from.id && Math.abs(a.at_ms - b.at_ms) < TOGETHER_MS;
    const first = !close(before, head);
    const last = !close(head, after);
    const quoted = head.reply_to ? chat.messages.get(head.reply_to) : null;
    const signature = JSON.stringify([first, last, group.map((m) => [m.id, m.edits, m.reactions]), quoted && [quoted.edits, quoted.deleted_ms]]);
    items.push({ key: `m${head.id}`, signature, make: () => bubble(chat, group, { first, last, reply: replyWith, command: say }) });
  });
  return items;
}

/** Puts the plan on the page, keeping every node that did not change. */
function reconcile(items) {
  const log = $("messages");
  const fresh = new Map();
  let at = log.firstElementChild;
  for (const item of items) {
    const old = nodes.get(item.key);
    const keep = old?.signature === item.signature;
    const node = keep ? old.node : item.make();
    fresh.set(item.key, { signature: item.signature, node });
    if (!keep && old) { if (at === old.node) at = node; old.node.replaceWith(node); }
    if (at === node) at = at.nextElementSibling;
    else log.insertBefore(node, at);
  }
  while (at) { const next = at.nextElementSibling; at.remove(); at = next; }
  nodes = fresh;
}

function welcome(chat) {
  const [bot] = botsOf(chat);
  const words = bot?.texts["description:"] || bot?.texts["short_description:"];
  return h("li", { class: "welcome" }, face(faceId(chat), titleOf(chat), "big"), h("h2", {}, titleOf(chat)),
    h("p", {}, words || (chat.chat > 0 ? "Press START below to begin." : "No messages yet. Commands and replies reach the bots.")));
}

export function drawChat() {
  const chat = state.chats.get(state.active);
  $("app").classList.toggle("open", Boolean(chat));
  drawFoot();
  if (!chat) {
    shownKey = null;
    nodes = new Map();
    $("peer").dataset.drawn = "";
    $("peer").replaceChildren();
    $("down").hidden = true;
    $("messages").replaceChildren(h("li", { class: "welcome" }, h("p", {}, state.bots.size ? "Choose a chat to begin." : "Waiting for a bot to connect…")));
    return;
  }
  const shown = `${chat.key}/${chat.topic ?? 0}`;
  const switched = shownKey !== shown;
  if (switched) {
    shownKey = shown;
    nodes = new Map();
    $("messages").replaceChildren();
    limit = PAGE;
    lastId = 0;
    below = 0;
  }
  drawHead(chat);
  const all = inTopic(chat);
  const stick = switched || nearEnd();
  const height = $("scroll").scrollHeight;
  const items = plan(chat, all.slice(-limit));
  if (all.length > limit) {
    items.unshift({ key: "earlier", signature: "", make: () => h("button", { class: "earlier", onclick: () => {
      limit += PAGE * 2;
      const from = $("scroll").scrollHeight;
      drawChat();
      $("scroll").scrollTop += $("scroll").scrollHeight - from;
    } }, "Show earlier messages") });
  }
  if (all.length === 0) items.push({ key: "welcome", signature: JSON.stringify(botsOf(chat).map((bot) => [bot.name, bot.texts])), make: () => welcome(chat) });
  reconcile(items);
  const news = all.filter((message) => message.id > lastId);
  const grew = $("scroll").scrollHeight !== height;
  if (switched || stick || news.some(isMine)) { if (grew || switched) toEnd(); below = 0; }
  else below += news.length;
  lastId = all.at(-1)?.id ?? lastId;
  if (!document.hidden && below === 0) markRead(chat);
  drawDown();
}

function drawDown() {
  $("down").hidden = nearEnd();
  $("down").querySelector(".badge").textContent = below ? String(below) : "";
}

export function watchScroll() {
  $("scroll").addEventListener("scroll", () => {
    if (nearEnd()) below = 0;
    drawDown();
  }, { passive: true });
  $("down").addEventListener("click", () => { toEnd(); below = 0; drawDown(); });
  // late pictures and a growing keyboard must not push the newest message out of sight
  let wasNear = true;
  $("scroll").addEventListener("scroll", () => { wasNear = nearEnd(); }, { passive: true });
  const observer = new ResizeObserver(() => wasNear && toEnd());
  observer.observe($("messages"));
  observer.observe($("scroll"));
}
