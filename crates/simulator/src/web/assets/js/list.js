// The left pane: who I am, my chats, and the dialogs to switch user and make a group.
import { post } from "./api.js";
import { openFaults } from "./faults.js";
import { $, dialog, face, h, shortTime, toast } from "./dom.js";
import { become, changed, faceId, isMine, listens, mine, state, titleOf, unread, visible } from "./state.js";

export const nameOf = (person) => [person.first_name, person.last_name].filter(Boolean).join(" ") || "Someone";

/** One line that stands for a message. */
export function summary(message) {
  const words = (message.text ?? message.caption ?? "").replace(/\s+/g, " ");
  const kinds = { photo: "Photo", video: "Video", document: message.media?.name ?? "File", animation: "GIF", service: "Group event" };
  return message.kind === "text" ? words : `${kinds[message.kind] ?? message.kind}${words ? ` · ${words}` : ""}`;
}

export function drawList(open) {
  const me = state.me;
  if (!me) return;
  $("me").replaceChildren(face(me.id, nameOf(me)), h("div", {}, h("b", {}, nameOf(me)), h("small", {}, "Switch user")));
  $("me").onclick = pickUser;
  $("new-group").onclick = newGroup;
  $("break").onclick = openFaults;
  const chats = [...state.chats.values()].filter(mine).map((chat) => ({ chat, last: visible(chat).at(-1) }));
  chats.sort((a, b) => (b.last?.at_ms ?? 0) - (a.last?.at_ms ?? 0));
  $("chats").replaceChildren(...chats.map(({ chat, last }) => {
    const count = chat.key === state.active ? 0 : unread(chat);
    const who = last && chat.chat < 0 ? `${isMine(last) ? "You" : nameOf(last.from)}: ` : last && isMine(last) ? "You: " : "";
    const bot = chat.chat > 0 ? state.bots.get(chat.bot) : null;
    const text = last ? who + summary(last) : bot?.texts["short_description:"] || (bot && listens(bot) ? "Ready, say hello" : "No messages yet");
    return h("li", {}, h("button", { onclick: () => open(chat.key), "aria-current": chat.key === state.active && "true" },
      face(faceId(chat), titleOf(chat)),
      h("div", { class: "row" },
        h("div", {}, h("b", {}, titleOf(chat)), last && h("time", {}, shortTime(last.at_ms))),
        h("div", {}, h("small", {}, text), h("span", { class: "badge", "aria-label": `${count} unread` }, count ? String(count) : "")))));
  }));
  if (chats.length === 0) {
    $("chats").append(h("li", { class: "empty" }, "No bot has connected yet. Start one against this address and it appears here."));
  }
}

async function attempt(work) {
  try { await work(); } catch (error) { toast(error.message); }
}

function pickUser() {
  const row = (user) => h("button", {
    class: "who", "aria-current": user.id === state.me.id && "true",
    onclick: () => { box.close(); attempt(() => become(user)); },
  }, face(user.id, nameOf(user)), h("div", {}, h("b", {}, nameOf(user)), h("small", {}, user.username ? `@${user.username}` : `id ${user.id}`)));
  const name = h("input", { placeholder: "Name of a new user", maxlength: 60, "aria-label": "Name of a new user" });
  const form = h("form", { onsubmit: (event) => {
    event.preventDefault();
    if (!name.value.trim()) return;
    attempt(async () => {
      const [first_name, ...rest] = name.value.trim().split(/\s+/);
      const { user } = await post("users", { first_name, ...(rest.length ? { last_name: rest.join(" ") } : {}) });
      box.close();
      await become(user);
    });
  } }, name, h("button", { class: "do" }, "Add"));
  const { box } = dialog([h("h2", {}, "Write as"), h("div", { class: "rows" }, [...state.users.values()].map(row)), form]);
}

function newGroup() {
  const title = h("input", { placeholder: "Name of the group", maxlength: 120, "aria-label": "Name of the group", required: true });
  const others = [...state.users.values()].filter((user) => user.id !== state.me.id);
  const people = others.map((user) => {
    const box = h("button", { type: "button", class: "who", "aria-pressed": "false", onclick: () => {
      const on = box.getAttribute("aria-pressed") !== "true";
      box.setAttribute("aria-pressed", on);
      on ? box.setAttribute("aria-current", "true") : box.removeAttribute("aria-current");
    } }, face(user.id, nameOf(user)), h("div", {}, h("b", {}, nameOf(user))));
    return { user, box };
  });
  const form = h("form", { onsubmit: (event) => {
    event.preventDefault();
    attempt(async () => {
      const chosen = people.filter(({ box }) => box.getAttribute("aria-pressed") === "true").map(({ user }) => user.id);
      const { chat } = await post("groups", { title: title.value.trim(), members: [state.me.id, ...chosen] });
      dialogBox.close();
      state.active = `0:${chat}`;
      changed();
    });
  } }, title, h("button", { class: "do" }, "Create"));
  const { box: dialogBox } = dialog([h("h2", {}, "New group"),
    people.length ? h("div", { class: "rows" }, people.map(({ box }) => box)) : null, form,
    h("p", { class: "empty" }, "Every connected bot joins. In groups a bot sees commands and replies to it.")]);
  title.focus();
}
