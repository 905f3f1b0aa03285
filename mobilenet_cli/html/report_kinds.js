// The tree of kinds: each name is a filter, below the kind that it belongs to. A level is made when it is opened.

const KINDS_SHOWN = 12; // of one level, before "Show all"

const below = new Map(); // the names below each name, and at the top those below null
for (const name of [...names].sort((a, b) => b.count - a.count || collator.compare(a.label, b.label))) {
  if (!below.has(name.above)) below.set(name.above, []);
  below.get(name.above).push(name);
}
const most = Math.max(...names.map(({ count }) => count), 1);

function kindItem(name) {
  const button = element(
    "button", { type: "button", "data-kind": name.place, "aria-pressed": "false", style: { "--part": name.count / most } },
    element("span", { text: name.label }), element("b", { text: number.format(name.count) }),
  );
  const opener = below.has(name.place)
    ? [element("button", { type: "button", class: "opener", "aria-expanded": "false", "aria-label": `Kinds of ${name.label}` })]
    : [];
  return element("li", {}, ...opener, button);
}

function fillKinds(list, above) {
  const items = below.get(above).map(kindItem);
  for (const item of items.slice(KINDS_SHOWN)) item.hidden = true;
  list.replaceChildren(...items);
  if (items.length <= KINDS_SHOWN) return;
  const all = element("button", { type: "button", class: "plain all", text: `Show all ${number.format(items.length)}` });
  list.append(element("li", {}, all));
}

// Open or close what is below the name of an item, if there is anything.
function openKind(item, open = true) {
  const opener = item?.querySelector(":scope > .opener");
  if (!opener) return;
  opener.setAttribute("aria-expanded", String(open));
  let list = item.querySelector(":scope > ul");
  if (open && !list) {
    list = element("ul");
    item.append(list);
    fillKinds(list, +item.querySelector(":scope > [data-kind]").dataset.kind);
  }
  if (list) list.hidden = !open;
}

const isOpen = (item) => item.querySelector(":scope > .opener")?.getAttribute("aria-expanded") === "true";
const kindButton = (place) => document.querySelector(`[data-kind="${place}"]`);

// Mark the chosen kind; one that an address names is shown where it is, with the levels above it open.
function showKind(kind) {
  const above = [];
  for (let name = names[kind]; name && name.above !== null; name = names[name.above]) above.unshift(name.above);
  for (const place of above) {
    kindButton(place).parentElement.hidden = false;
    if (!kindButton(kind)) openKind(kindButton(place).parentElement);
  }
  if (kind !== "") kindButton(kind)?.parentElement.removeAttribute("hidden");
  for (const button of document.querySelectorAll("[data-kind]")) {
    button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
  }
}

const tree = document.getElementById("kinds");
if (tree && names.length) fillKinds(tree, null);
tree?.addEventListener("click", ({ target }) => {
  if (target.matches(".opener")) openKind(target.parentElement, !isOpen(target.parentElement));
  if (!target.matches(".all")) return;
  const others = [...target.closest("ul").children].filter((item) => item.hidden);
  for (const item of others) item.hidden = false;
  others[0]?.querySelector("[data-kind]").focus();
  target.parentElement.remove();
});
// As in a file manager: right opens, left closes, or goes to the kind above.
tree?.addEventListener("keydown", (event) => {
  const item = event.target.closest("li");
  if (!item || event.ctrlKey || event.metaKey || event.altKey || !["ArrowRight", "ArrowLeft"].includes(event.key)) return;
  event.preventDefault();
  if (event.key === "ArrowRight") openKind(item);
  else if (isOpen(item)) openKind(item, false);
  else item.parentElement.closest("li")?.querySelector("[data-kind]").focus();
});
