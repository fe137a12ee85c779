// Text with entities as DOM nodes. Offsets count UTF-16 units, which is what JavaScript strings count too.
import { h, toast } from "./dom.js";

const SAFE = /^(https?|tg|mailto):/i;

function wrap(entity, content, text, onCommand) {
  const kind = entity.type;
  const link = (address) => SAFE.test(address)
    ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, content) : h("span", {}, content);
  switch (kind) {
    case "bold": return h("b", {}, content);
    case "italic": return h("i", {}, content);
    case "underline": return h("u", {}, content);
    case "strikethrough": return h("s", {}, content);
    case "code": return h("code", { class: "tap", title: "Copy", onclick: () => copy(text) }, content);
    case "pre": return h("pre", {}, h("code", {}, content));
    case "blockquote": case "expandable_blockquote": return h("blockquote", {}, content);
    case "spoiler": return h("span", { class: "spoiler", onclick: (event) => event.currentTarget.classList.add("seen") }, content);
    case "text_link": return link(entity.url ?? "");
    case "url": return link(text);
    case "bot_command": return h("button", { class: "command", onclick: () => onCommand?.(text) }, content);
    default: return h("span", {}, content);
  }
}

export function copy(text) {
  navigator.clipboard?.writeText(text).then(() => toast("Copied", 1500), () => toast("The browser does not allow copying"));
}

/** The nodes of a text; entities may nest but not cross. */
export function rich(text, entities = [], onCommand) {
  const sorted = [...entities].filter((entity) => entity.length > 0)
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
  const build = (from, to, list) => {
    const nodes = [];
    let at = from;
    while (list.length > 0) {
      const entity = list.shift();
      const start = Math.max(entity.offset, at);
      const end = Math.min(entity.offset + entity.length, to);
      if (start >= end) continue;
      const inner = [];
      while (list.length > 0 && list[0].offset < end) inner.push(list.shift());
      if (start > at) nodes.push(text.slice(at, start));
      nodes.push(wrap(entity, build(start, end, inner), text.slice(start, end), onCommand));
      at = end;
    }
    if (at < to) nodes.push(text.slice(at, to));
    return nodes;
  };
  return build(0, text.length, sorted);
}
