// The data of the images: rows as they were read, and columns of numbers that are filtered and counted fast.

const data = (name) => JSON.parse(document.getElementById(`data-${name}`).textContent);
// Text normalised for comparison: file names from macOS have decomposed accents.
const folded = (text) => text.normalize("NFC").toLowerCase();
// A key that sorts upper and lower case together, and numbers by value; "/" comes first.
const sortKey = (text) => {
  const plain = text.normalize("NFD").replace(/\p{M}+/gu, "").toLowerCase();
  return plain.replace(/\d+/g, (digits) => digits.padStart(12, "0")).replaceAll("/", "\u0001");
};
const number = new Intl.NumberFormat("en");
const counted = (count, noun) => `${number.format(count)} ${noun}${count === 1 ? "" : "s"}`;
const percent = (score) => `${(score * 100).toFixed(1)}%`;

const page = data("page");
const models = data("models");
const named = (label, wnid, place) => ({ label, wnid, place, text: `${folded(label)}\n${folded(wnid)}`, key: sortKey(label) });
const classes = data("classes").map(([label, wnid, index], place) => ({ ...named(label, wnid, place), index }));
// Sure labels and their kinds; `above` is the place of the name that each is listed below.
const names = data("names").map(([label, wnid, above], place) => ({ ...named(label, wnid, place), above }));
const images = data("images");

const NONE = -1;
const BINS = document.querySelectorAll("#histogram i").length;
const best = new Int32Array(images.length).fill(NONE); // the place of each image's best class
const scores = new Float64Array(images.length); // of that class
const failed = new Uint8Array(images.length);
images.forEach((image, place) => {
  image.number = place;
  if (image.error !== null) failed[place] = 1;
  if (image.predictions.length) [best[place], scores[place]] = image.predictions[0];
});
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
