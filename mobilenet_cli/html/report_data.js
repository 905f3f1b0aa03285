// The data of the images: rows as they were read, and columns of numbers that are filtered and counted fast.

const data = (name) => JSON.parse(document.getElementById(`data-${name}`).textContent);
// Text normalised for comparison: file names from macOS have decomposed accents.
const folded = (text) => text.normalize("NFC").toLowerCase();
// A key that sorts upper and lower case together, and numbers by value; "/" comes first.
const sortKey = (text) => {
  // Taking accents off is slow, and most paths have none.
  const plain = (/[^\0-\x7f]/.test(text) ? text.normalize("NFD").replace(/\p{M}+/gu, "") : text).toLowerCase();
  return plain.replace(/\d+/g, (digits) => digits.padStart(12, "0")).replaceAll("/", "\u0001");
};
const number = new Intl.NumberFormat("en");
const counted = (count, noun) => `${number.format(count)} ${noun}${count === 1 ? "" : "s"}`;
const percent = (score) => (score === null ? "" : `${(score * 100).toFixed(1)}%`); // a CSV has no scores of kinds

const page = data("page");
const models = data("models");
const named = (label, wnid, place) => ({ label, wnid, place, text: `${folded(label)}\n${folded(wnid)}`, key: sortKey(label) });
const classes = data("classes").map(([label, wnid, index], place) => ({ ...named(label, wnid, place), index }));
// Sure labels and their kinds; `above` is the place of the name that each is listed below.
const names = data("names").map(([label, wnid, above], place) => ({ ...named(label, wnid, place), above }));
const images = data("images");

const NONE = -1;
const BINS = document.querySelectorAll("#histogram i").length;
const FAILED = 1, WARNED = 2;
const best = new Int32Array(images.length).fill(NONE); // the place of each image's best class
const scores = new Float64Array(images.length); // of that class
const flags = new Uint8Array(images.length);

// The places in the pairs of all images, one after the other; those of an image lie from its start to the next one's.
function flattened(pairsOf) {
  const starts = new Uint32Array(images.length + 1);
  for (let at = 0; at < images.length; at++) starts[at + 1] = starts[at] + (pairsOf(images[at])?.length ?? 0);
  const places = new Uint32Array(starts[images.length]);
  for (let at = 0; at < images.length; at++) {
    const pairs = pairsOf(images[at]);
    for (let next = starts[at]; next < starts[at + 1]; next++) places[next] = pairs[next - starts[at]][0];
  }
  return { starts, places };
}
const flatNames = flattened((image) => image.names);
const flatClasses = flattened((image) => image.predictions);
images.forEach((image, place) => {
  image.number = place;
  flags[place] = (image.error === null ? 0 : FAILED) | (image.warning === undefined ? 0 : WARNED);
  if (image.predictions.length) [best[place], scores[place]] = image.predictions[0];
});
const isFailed = (place) => (flags[place] & FAILED) !== 0;
const isNamed = (place) => flatNames.starts[place] < flatNames.starts[place + 1];
const binOf = (score) => Math.min(Math.floor(score * BINS), BINS - 1);

// What cards and details show of an image.
const predictionsOf = (image) => image.predictions.map(([place, score]) => ({ name: classes[place], score }));
const namesOf = (image) => (image.names ?? []).map(([place, score]) => ({ name: names[place], score }));
const labelOf = (image) => namesOf(image).at(-1); // the kinds come first, from general to specific

const DEFAULTS = {
  q: "", within: "all", status: "all", min: 0, max: 100, kind: "", class: "", sort: "order", size: 184, page: 1,
};
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
  const allowed = { within: ["all", "best", "path"], status: Object.keys(STATUSES), sort: Object.keys(ORDERS) };
  for (const [name, values] of Object.entries(allowed)) {
    if (!values.includes(state[name])) state[name] = DEFAULTS[name];
  }
  if (!isPlaceIn(classes, state.class)) state.class = "";
  if (state.kind !== UNNAMED && !isPlaceIn(names, state.kind)) state.kind = "";
  for (const name of ["min", "max"]) state[name] = Math.min(Math.max(state[name], 0), 100);
  state.size = Math.min(Math.max(state.size, 96), 400);
  return state;
}

function hashOf(state) {
  const changed = Object.entries(state).filter(([name, value]) => value !== DEFAULTS[name]);
  return changed.length ? `#${new URLSearchParams(changed)}` : "";
}
