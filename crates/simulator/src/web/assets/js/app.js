// Starts the page: who I am, the stream, and which chat is open.
import { follow, get, post } from "./api.js";
import { forgetReply, offerFile } from "./composer.js";
import { $, toast } from "./dom.js";
import { drawList } from "./list.js";
import { apply, become, changed, load, mine, state, storage, subscribe, unread } from "./state.js";
import { drawChat, watchScroll } from "./view.js";

const asked = new URLSearchParams(location.search);
const wide = matchMedia("(min-width: 700px)");

function open(key) {
  if (state.active !== key) forgetReply();
  state.active = key;
  history.replaceState(null, "", key ? `#${key}` : location.pathname + location.search);
  changed();
}

/** The user of the address, of the last visit, the first there is, or a new guest. */
async function whoAmI() {
  const { users } = await get("users");
  const wanted = Number(asked.get("user") ?? storage("me"));
  const known = users.find((user) => user.id === wanted);
  if (known) return known;
  if (asked.has("user") && wanted > 0) return (await post("users", { id: wanted, first_name: asked.get("name") ?? "Guest" })).user;
  return users[0] ?? (await post("users", { first_name: "Guest" })).user;
}

/** Opens the chat of the address; with one bot there is nothing to choose. */
function openFirst() {
  if (state.active && state.chats.has(state.active)) return;
  const wanted = decodeURIComponent(location.hash.slice(1));
  const chats = [...state.chats.values()].filter(mine);
  if (state.chats.has(wanted)) open(wanted);
  else if (chats.length === 1 || (wide.matches && chats.length > 0 && !opened)) open((chats.find((chat) => chat.chat > 0) ?? chats[0]).key);
  opened ||= chats.length > 0;
}
let opened = false;

let loading = null;
function refresh() {
  loading ??= (async () => {
    try {
      if (!state.me) await become(await whoAmI()); else await load();
      openFirst();
    } catch (error) {
      toast(error.message);
      setTimeout(refresh, 2000);
    } finally {
      loading = null;
    }
  })();
}

subscribe(() => {
  if (!state.me) return;
  if (!opened && state.chats.size) openFirst();
  drawChat();
  drawList(open);
  $("lost").hidden = !state.lost;
  const waiting = [...state.chats.values()].filter(mine).reduce((sum, chat) => sum + (chat.key === state.active && !document.hidden ? 0 : unread(chat)), 0);
  document.title = waiting ? `(${waiting}) Chat` : "Chat";
});

$("back").addEventListener("click", () => open(null));
document.addEventListener("visibilitychange", changed);
wide.addEventListener("change", changed);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]") && !wide.matches) open(null);
});
for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  $("main").addEventListener(name, (event) => {
    event.preventDefault();
    $("main").classList.toggle("drop", name === "dragover" || name === "dragenter");
    if (name === "drop") offerFile(event.dataTransfer.files[0]);
  });
}
watchScroll();
// presence fades by itself
setInterval(changed, 2000);
follow({
  ready: refresh,
  event: apply,
  lost: (lost) => { if (state.lost !== lost) { state.lost = lost; changed(); $("lost").hidden = !lost; } },
});
