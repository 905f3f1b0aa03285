// The data of the images, and how they are filtered and sorted. Nothing here changes the page.

const data = (name) => JSON.parse(document.getElementById(`data-${name}`).textContent);
// Text normalised for comparison: file names from macOS have decomposed accents.
const folded = (text) => text.normalize("NFC").toLowerCase();

const models = data("models");
const classes = data("classes").map(([label, wnid, index]) => ({
  label, wnid, index, text: `${folded(label)}\n${folded(wnid)}`,
}));
// Sure labels and their kinds; `above` is the place of the name that each is listed below.
const names = data("names").map(([label, wnid, above, count], place) => ({
  label, wnid, above, count, place, text: `${folded(label)}\n${folded(wnid)}`,
}));
const images = data("images").map((image, number) => ({
  ...image,
  number,
  predictions: image.predictions.map(([place, score]) => ({ class: classes[place], place, score })),
  names: (image.names ?? []).map(([place, score]) => ({ name: names[place], place, score })),
}));
// One name per line, so that a search for "a b" does not match a label ending in "a" before one beginning with "b".
for (const image of images) {
  const [sure, predicted] = [image.names.map((each) => each.name.text), image.predictions.map((each) => each.class.text)];
  const path = folded(image.path);
  image.label = image.names.at(-1); // the kinds come first, from general to specific
  image.text = { path, best: [...sure, ...predicted.slice(0, 1)].join("\n"), all: [path, ...sure, ...predicted].join("\n") };
}

// The folder that contains all images; the cards omit it.
const common = images.reduce((folder, { path }) => {
  while (!path.startsWith(folder)) folder = folder.replace(/[^/]*\/$/, "");
  return folder;
}, (images[0]?.path ?? "").replace(/[^/]*$/, ""));

const DEFAULTS = { q: "", within: "all", status: "all", min: 0, max: 100, kind: "", class: "", sort: "order", page: 1 };

const UNNAMED = "none"; // as a kind: images without a sure label
const isPlaceIn = (list, text) => /^\d+$/.test(text) && Number(text) < list.length;

// The state in `location.hash`. Anybody may have written it: invalid values are replaced by the defaults.
function stateOf(hash) {
  const given = new URLSearchParams(hash.slice(1));
  const state = { ...DEFAULTS };
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    const value = given.get(name);
    if (value === null) continue;
    if (typeof usual !== "number") state[name] = value;
    else if (Number.isFinite(+value)) state[name] = Math.round(+value);
  }
  const allowed = { within: ["all", "best", "path"], status: ["all", "ok", "warning", "error"], sort: Object.keys(ORDERS) };
  for (const [name, values] of Object.entries(allowed)) {
    if (!values.includes(state[name])) state[name] = DEFAULTS[name];
  }
  if (!isPlaceIn(classes, state.class)) state.class = "";
  if (state.kind !== UNNAMED && !isPlaceIn(names, state.kind)) state.kind = "";
  for (const name of ["min", "max"]) state[name] = Math.min(Math.max(state[name], 0), 100);
  return state;
}

function hashOf(state) {
  const changed = Object.entries(state).filter(([name, value]) => value !== DEFAULTS[name]);
  return changed.length ? `#${new URLSearchParams(changed)}` : "";
}

const collator = new Intl.Collator("en", { numeric: true });
const byPath = (a, b) => collator.compare(a.path, b.path);
// In every order by prediction or label, images without one come last.
const byValue = (valueOf, compare) => (a, b) => {
  const [first, second] = [valueOf(a), valueOf(b)];
  if (first && second) return compare(first, second);
  return (second ? 1 : 0) - (first ? 1 : 0);
};
const bestOf = (image) => image.predictions[0];
const headlineOf = (image) => image.label ?? bestOf(image);
const textOf = (headline) => (headline.name ?? headline.class).label;
const ORDERS = {
  order: (a, b) => a.number - b.number,
  high: byValue(bestOf, (a, b) => b.score - a.score),
  low: byValue(bestOf, (a, b) => a.score - b.score),
  label: byValue(headlineOf, (a, b) => collator.compare(textOf(a), textOf(b)) || b.score - a.score),
  path: byPath,
};
const sorted = {}; // each order is computed once: sorting 10,000 paths takes a tenth of a second

const STATUSES = {
  all: () => true,
  ok: (image) => image.error === null,
  warning: (image) => image.warning !== undefined,
  error: (image) => image.error !== null,
};

function isOfKind(image, kind) {
  if (kind === UNNAMED) return image.error === null && !image.label;
  return image.names.some(({ place }) => place === +kind);
}

function imagesFor(state) {
  sorted[state.sort] ??= [...images].sort(ORDERS[state.sort]);
  const wanted = folded(state.q.trim());
  const everyConfidence = state.min === 0 && state.max === 100;
  return sorted[state.sort].filter((image) => {
    const best = bestOf(image);
    return (
      image.text[state.within].includes(wanted) &&
      STATUSES[state.status](image) &&
      (everyConfidence || (best && best.score * 100 >= state.min && best.score * 100 <= state.max)) &&
      (state.kind === "" || isOfKind(image, state.kind)) &&
      (state.class === "" || best?.place === +state.class)
    );
  });
}
