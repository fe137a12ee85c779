// What the page knows, and the one place that changes it. Views subscribe and redraw.
import { get } from "./api.js";

export const state = {
  me: null, users: new Map(), bots: new Map(), chats: new Map(), active: null,
  actions: new Map(), presses: new Map(), lost: false,
};

const listeners = new Set();
let queued = false;

export const subscribe = (listener) => listeners.add(listener);

/** Redraws once per frame however many changes came. */
export function changed() {
  if (queued) return;
  queued = true;
  const run = () => { queued = false; for (const listener of listeners) listener(); };
  if (document.hidden) setTimeout(run, 0); else requestAnimationFrame(run);
}

export const keyOf = (bot, chat) => `${bot}:${chat}`;

/** The chat of a key, made empty on first mention. */
function chatAt(bot, chat, head = {}) {
  const key = keyOf(bot, chat);
  if (!state.chats.has(key)) {
    state.chats.set(key, { key, bot, chat, kind: chat > 0 ? "private" : "supergroup", title: "", bots: [], members: [], messages: new Map(), loaded: false, read: Number(storage(`read:${state.me?.id}:${key}`) ?? 0) });
  }
  return Object.assign(state.chats.get(key), head);
}

export function storage(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(name);
    localStorage.setItem(name, value);
  } catch { /* private windows may refuse */ }
  return null;
}

/** A message wins over an older copy of itself. */
function put(chat, message) {
  const old = chat.messages.get(message.id);
  const age = (m) => m.edits * 2 + (m.deleted_ms ? 1 : 0);
  if (old && age(old) > age(message)) return;
  chat.messages.set(message.id, message);
}

export const visible = (chat) => [...chat.messages.values()].filter((m) => !m.deleted_ms).sort((a, b) => a.id - b.id);
export const isMine = (message) => !message.from.is_bot && message.from.id === state.me.id;
/** Topics of a group by their thread, General being 0: those with messages, and the one that was just opened. */
export const topicsOf = (chat) => [...new Set([0, ...visible(chat).map((m) => m.thread ?? 0), chat.topic ?? 0])].sort((a, b) => a - b);
/** What is to be seen of a chat: all of it, or one topic. */
export const inTopic = (chat) => visible(chat).filter((m) => chat.chat > 0 || (m.thread ?? 0) === (chat.topic ?? 0));

export const unread = (chat) => visible(chat).filter((m) => m.id > chat.read && !isMine(m)).length;
export const mine = (chat) => (chat.chat > 0 ? chat.chat === state.me.id : chat.members.includes(state.me.id));

export function markRead(chat) {
  const last = Math.max(0, ...chat.messages.keys());
  if (last <= chat.read) return;
  chat.read = last;
  storage(`read:${state.me.id}:${chat.key}`, last);
}

/** Loads people, bots and every chat of mine. */
export async function load() {
  const [users, bots] = await Promise.all([get("users"), get("bots")]);
  state.users = new Map(users.users.map((user) => [user.id, user]));
  state.bots = new Map(bots.bots.map((bot) => [bot.id, bot]));
  if (!state.me) return changed();
  const { chats } = await get(`chats?user=${state.me.id}`);
  const alive = new Set(chats.map((head) => keyOf(head.bot, head.chat)));
  for (const key of [...state.chats.keys()]) if (!alive.has(key)) state.chats.delete(key);
  await Promise.all(chats.map(async (head) => {
    const { state: full } = await get(`chat?bot=${head.bot}&chat=${head.chat}`);
    const { messages, deleted, last, count, ...rest } = full;
    const chat = chatAt(head.bot, head.chat, rest);
    const known = new Set([...messages, ...deleted].map((message) => message.id));
    const newest = Math.max(0, ...known);
    for (const id of chat.messages.keys()) if (id <= newest && !known.has(id)) chat.messages.delete(id);
    for (const message of [...messages, ...deleted]) put(chat, message);
    chat.loaded = true;
  }));
  for (const bot of state.bots.values()) chatAt(bot.id, state.me.id);
  changed();
}

/** Becomes another user. */
export async function become(user) {
  state.me = user;
  state.active = null;
  state.chats.clear();
  storage("me", user.id);
  await load();
}

/** Applies an event of the stream. */
export function apply(name, data) {
  switch (name) {
    case "user": state.users.set(data.id, data); if (data.id === state.me?.id) state.me = data; break;
    case "bot": state.bots.set(data.id, data); if (state.me) chatAt(data.id, state.me.id); break;
    case "chat": if (state.me && mine({ ...data })) chatAt(data.bot, data.chat, data); break;
    case "action": state.actions.set(keyOf(data.bot, data.chat), { ...data, until: Date.now() + 5500 }); setTimeout(changed, 5600); break;
    case "answer": state.presses.get(data.id)?.(data.answer); state.presses.delete(data.id); break;
    default: {
      if (!state.me || (data.chat > 0 && data.chat !== state.me.id)) return;
      const chat = state.chats.get(keyOf(data.bot, data.chat)) ?? (data.chat > 0 ? chatAt(data.bot, data.chat) : null);
      if (!chat) return;
      data.message.fresh = name === "message";
      put(chat, data.message);
      if (data.message.from.is_bot) state.actions.delete(chat.key);
    }
  }
  changed();
}

export const botsOf = (chat) => (chat.chat > 0 ? [chat.bot] : chat.bots).map((id) => state.bots.get(id)).filter(Boolean);
export const titleOf = (chat) => (chat.chat > 0 ? state.bots.get(chat.bot)?.name ?? `Bot ${chat.bot}` : chat.title);
export const faceId = (chat) => (chat.chat > 0 ? chat.bot : chat.chat);

/** A bot listens when a poll is under way, ended a moment ago, or a webhook works. */
export function listens(bot) {
  if (bot.webhook) return !bot.webhook_error;
  return bot.pollers > 0 || (bot.last_poll_ms !== null && Date.now() - bot.last_poll_ms < 4000);
}

/** Commands that a bot shows here, the most particular scope and language first. */
export function commandsOf(chat) {
  const scopes = chat.chat > 0 ? ["all_private_chats", "default"] : ["all_group_chats", "default"];
  const languages = [state.me?.language_code ?? "", ""];
  const found = [];
  for (const bot of botsOf(chat)) {
    const pick = () => {
      for (const scope of scopes) for (const language of languages) {
        const set = bot.commands.find((set) => set.scope.type === scope && set.language_code === language);
        if (set?.commands.length) return set.commands;
      }
      return [];
    };
    const suffix = chat.chat < 0 && chat.bots.length > 1 ? `@${bot.username}` : "";
    found.push(...pick().map(({ command, description }) => ({ command: `/${command}${suffix}`, description })));
  }
  return found;
}
