// Facets: the tree of kinds and the list of best labels, each a filter with its count among what the others leave.

const FACETS_SHOWN = 12; // of a list or level, before "Show all"
const below = new Map(); // the names below each name, and at the top those below null
for (const name of names) {
  if (!below.has(name.above)) below.set(name.above, []);
  below.get(name.above).push(name);
}
const opened = new Set(); // the names that are open
const unfolded = new Set(); // the lists of which all is shown: a name's place, "null" for the top, "labels"
const tree = document.getElementById("kinds"), foundList = document.getElementById("found");
const facetQuery = document.getElementById("facets");
// Two ImageNet classes are called "crane".
const labels = new Map();
for (const { label } of classes) labels.set(label, (labels.get(label) ?? 0) + 1);

// The entries of a list that are worth showing, the most frequent first; what is chosen always is.
function worthShowing(list, counts, isChosen) {
  const found = list.filter((name) => counts[name.place] || isChosen(name));
  return found.sort((a, b) => counts[b.place] - counts[a.place] || byKey(a.key, b.key));
}

function facetButton(name, count, most, kind, chosen, ...detail) {
  return element(
    "button",
    { type: "button", [`data-${kind}`]: name.place, "aria-pressed": String(chosen), style: { "--part": count / most } },
    element("span", { text: name.label }, ...detail), element("b", { text: number.format(count) }),
  );
}

function showAll(list, level) {
  const all = element("button", { type: "button", class: "plain all", text: `Show all ${number.format(list.length)}` });
  all.dataset.level = String(level);
  return element("li", {}, all);
}

// The items of one level of the tree; `make` makes one.
function levelItems(list, level, isChosen, make) {
  if (list.length <= FACETS_SHOWN || unfolded.has(String(level))) return list.map(make);
  return [...list.filter((name, place) => place < FACETS_SHOWN || isChosen(name)).map(make), showAll(list, level)];
}

function kindItems(level, counts, most, state, chosen) {
  const isChosen = (name) => chosen.includes(name.place);
  return levelItems(worthShowing(below.get(level) ?? [], counts, isChosen), level, isChosen, (name) => {
    const button = facetButton(name, counts[name.place], most, "kind", String(name.place) === state.kind);
    if (!below.get(name.place)?.some(({ place }) => counts[place])) return element("li", {}, button);
    const isOpen = opened.has(name.place);
    const opener = element("button", {
      type: "button", class: "opener", "aria-expanded": String(isOpen), "aria-label": `Kinds of ${name.label}`,
    });
    opener.dataset.opens = name.place;
    const inner = isOpen ? [element("ul", {}, ...kindItems(name.place, counts, most, state, chosen))] : [];
    return element("li", {}, opener, button, ...inner);
  });
}

// The names above a name, and itself: all of them are open and shown where it is chosen.
function chainOf(kind) {
  const chain = [];
  for (let name = names[kind]; name; name = names[name.above]) chain.unshift(name.place);
  return chain;
}

function renderFacets({ kinds, unnamed, classes: counts }, state) {
  const wanted = folded(facetQuery.value.trim());
  const fits = ({ text }) => wanted === "" || text.includes(wanted);
  const focus = focusKey();
  if (tree) {
    const chosen = chainOf(state.kind);
    const most = Math.max(kinds.reduce((a, b) => Math.max(a, b), 0), 1);
    const isChosen = ({ place }) => String(place) === state.kind;
    const flat = () => levelItems(worthShowing(names.filter(fits), kinds, () => false), "flat", isChosen, (name) =>
      element("li", {}, facetButton(name, kinds[name.place], most, "kind", isChosen(name))));
    tree.replaceChildren(...(wanted === "" ? kindItems(null, kinds, most, state, chosen) : flat()));
    const none = document.querySelector(`[data-kind=${UNNAMED}]`);
    none.setAttribute("aria-pressed", String(state.kind === UNNAMED));
    none.lastElementChild.textContent = number.format(unnamed);
  }
  const isChosen = ({ place }) => String(place) === state.class;
  const found = worthShowing(classes.filter(fits), counts, isChosen);
  const most = Math.max(...found.map(({ place }) => counts[place]).slice(0, 1), 1);
  foundList.replaceChildren(...levelItems(found, "labels", isChosen, (name) => {
    const detail = labels.get(name.label) > 1 ? [" ", element("small", { text: name.wnid || (name.index < 0 ? "" : name.index) })] : [];
    return element("li", {}, facetButton(name, counts[name.place], most, "class", isChosen(name), ...detail));
  }));
  if (focus) document.querySelector(focus)?.focus();
}

// How to find the focused button again once the lists are new; null where the focus is elsewhere.
function focusKey() {
  const { activeElement } = document;
  if (!tree?.contains(activeElement) && !foundList.contains(activeElement)) return null;
  for (const name of ["kind", "class", "opens", "level"]) {
    if (activeElement.dataset[name] !== undefined) return `[data-${name}="${activeElement.dataset[name]}"]`;
  }
  return null;
}

function openKind(place, open = true) {
  if (open) opened.add(place);
  else opened.delete(place);
  renderFacets(matches, state);
}

for (const list of [tree, foundList]) {
  list?.addEventListener("click", ({ target }) => {
    const all = target.closest(".all");
    if (!all) return;
    const place = [...all.closest("ul").children].indexOf(all.parentElement);
    const parent = all.closest("ul").parentElement.querySelector(":scope > [data-kind]")?.dataset.kind;
    unfolded.add(all.dataset.level);
    renderFacets(matches, state);
    const own = parent === undefined ? list : document.querySelector(`[data-kind="${parent}"] ~ ul`);
    own?.children[place]?.querySelector("[data-kind], [data-class]")?.focus();
  });
}
tree?.addEventListener("click", ({ target }) => {
  if (target.matches(".opener")) openKind(+target.dataset.opens, !opened.has(+target.dataset.opens));
});
// As in a file manager: right opens, left closes, or goes to the kind above.
tree?.addEventListener("keydown", (event) => {
  const item = event.target.closest("li");
  if (!item || event.ctrlKey || event.metaKey || event.altKey || !["ArrowRight", "ArrowLeft"].includes(event.key)) return;
  event.preventDefault();
  const opener = item.querySelector(":scope > .opener");
  if (event.key === "ArrowRight" && opener) openKind(+opener.dataset.opens);
  else if (event.key === "ArrowLeft" && opener?.getAttribute("aria-expanded") === "true") openKind(+opener.dataset.opens, false);
  else if (event.key === "ArrowLeft") item.parentElement.closest("li")?.querySelector("[data-kind]").focus();
});
