// The data of the images, and how they are filtered and sorted. Nothing here changes the page.

const data = (name) => JSON.parse(document.getElementById(`data-${name}`).textContent);
// Text normalised for comparison: file names from macOS have decomposed accents.
const folded = (text) => text.normalize("NFC").toLowerCase();

const models = data("models");
const classes = data("classes").map(([label, wnid, index]) => ({
  label, wnid, index, text: `${folded(label)}\n${folded(wnid)}`,
}));
const images = data("images").map((image, number) => ({
  ...image,
  number,
  predictions: image.predictions.map(([place, score]) => ({ class: classes[place], place, score })),
}));
// One name per line, so that a search for "a b" does not match a label ending in "a" before one beginning with "b".
for (const image of images) {
  const names = image.predictions.map((each) => each.class.text);
  const path = folded(image.path);
  image.text = { path, best: names[0] ?? "", all: [path, ...names].join("\n") };
}

// The folder that contains all images; the cards omit it.
const common = images.reduce((folder, { path }) => {
  while (!path.startsWith(folder)) folder = folder.replace(/[^/]*\/$/, "");
  return folder;
}, (images[0]?.path ?? "").replace(/[^/]*$/, ""));

const DEFAULTS = { q: "", within: "all", status: "all", min: 0, max: 100, class: "", sort: "order", page: 1 };

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
  const allowed = { within: ["all", "best", "path"], status: ["all", "ok", "error"], sort: Object.keys(ORDERS) };
  for (const [name, values] of Object.entries(allowed)) {
    if (!values.includes(state[name])) state[name] = DEFAULTS[name];
  }
  if (!classes[state.class]) state.class = "";
  for (const name of ["min", "max"]) state[name] = Math.min(Math.max(state[name], 0), 100);
  return state;
}

function hashOf(state) {
  const changed = Object.entries(state).filter(([name, value]) => value !== DEFAULTS[name]);
  return changed.length ? `#${new URLSearchParams(changed)}` : "";
}

const collator = new Intl.Collator("en", { numeric: true });
const byPath = (a, b) => collator.compare(a.path, b.path);
// In every order by prediction, images without one come last.
const predicted = (compare) => (a, b) => {
  const [first, second] = [a.predictions[0], b.predictions[0]];
  if (first && second) return compare(first, second);
  return (second ? 1 : 0) - (first ? 1 : 0);
};
const ORDERS = {
  order: (a, b) => a.number - b.number,
  high: predicted((a, b) => b.score - a.score),
  low: predicted((a, b) => a.score - b.score),
  label: predicted((a, b) => collator.compare(a.class.label, b.class.label) || b.score - a.score),
  path: byPath,
};
const sorted = {}; // each order is computed once: sorting 10,000 paths takes a tenth of a second

function imagesFor(state) {
  sorted[state.sort] ??= [...images].sort(ORDERS[state.sort]);
  const wanted = folded(state.q.trim());
  const everyConfidence = state.min === 0 && state.max === 100;
  return sorted[state.sort].filter((image) => {
    const best = image.predictions[0];
    return (
      image.text[state.within].includes(wanted) &&
      (state.status === "all" || (image.error !== null) === (state.status === "error")) &&
      (everyConfidence || (best && best.score * 100 >= state.min && best.score * 100 <= state.max)) &&
      (state.class === "" || best?.place === +state.class)
    );
  });
}
