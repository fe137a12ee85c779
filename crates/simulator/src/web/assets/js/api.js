// The control API: requests that throw with the server's words, and the stream of events.

async function answer(response) {
  const body = await response.json().catch(() => ({ ok: false, error: `The server answered ${response.status}` }));
  if (!response.ok || body.ok === false) throw new Error(body.error ?? `The server answered ${response.status}`);
  return body;
}

export const get = (path) => fetch(`/_sim/${path}`).then(answer);
export const post = (path, body) => fetch(`/_sim/${path}`, {
  method: "POST",
  ...(body instanceof FormData ? { body } : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
}).then(answer);

const NAMES = ["message", "edit", "delete", "reaction", "answer", "action", "chat", "bot", "user"];

/**
 * Follows the stream. `ready` is called on connecting anew and when too much was missed: load everything.
 * The browser reconnects by itself and sends the last event's number, so nothing is missed in between.
 */
export function follow({ ready, event, lost }) {
  const source = new EventSource("/_sim/events");
  source.addEventListener("open", () => lost(false));
  source.addEventListener("error", () => {
    lost(true);
    // a refused connection ends the browser's own attempts
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow({ ready, event, lost }), 1500);
  });
  let first = true;
  source.addEventListener("hello", () => { if (first) { first = false; ready(); } });
  source.addEventListener("reset", () => { first = false; ready(); });
  for (const name of NAMES) {
    source.addEventListener(name, ({ data }) => event(name, JSON.parse(data)));
  }
}
