// Which images match, in which order, and how many each filter would give. Nothing here changes the page.

const STATUSES = {
  all: () => true,
  ok: (place) => !failed[place],
  warning: (place) => images[place].warning !== undefined,
  error: (place) => failed[place] === 1,
};

// In every order by prediction or label, images without one come last.
const byScore = (sign) => (a, b) => {
  if (best[a] === NONE || best[b] === NONE) return (best[a] === NONE) - (best[b] === NONE);
  return sign * (scores[a] - scores[b]);
};
const byKey = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function byLabel() {
  const headlines = images.map((image) => labelOf(image) ?? predictionsOf(image)[0]);
  return (a, b) => {
    const [first, second] = [headlines[a], headlines[b]];
    if (!first || !second) return !first - !second;
    return byKey(first.name.key, second.name.key) || second.score - first.score;
  };
}

function byPath() {
  const keys = images.map((image) => sortKey(image.path));
  return (a, b) => byKey(keys[a], keys[b]) || byKey(images[a].path, images[b].path);
}

const ORDERS = { order: () => (a, b) => a - b, high: () => byScore(-1), low: () => byScore(1), label: byLabel, path: byPath };
const sorted = {}; // each order is computed once: sorting 100,000 paths takes some tenths of a second

function orderOf(sort) {
  sorted[sort] ??= Uint32Array.from(images.keys()).sort(ORDERS[sort]());
  return sorted[sort];
}

let paths; // folded, at the first search

// A function that says whether an image's texts hold what is searched. Each name and class is looked at once.
function searching({ q, within }) {
  const wanted = folded(q.trim());
  if (wanted === "") return () => true;
  paths ??= images.map((image) => folded(image.path));
  const hit = (list) => Uint8Array.from(list, ({ text }) => text.includes(wanted));
  const [inNames, inClasses] = [hit(names), hit(classes)];
  const isIn = (hits, pairs) => {
    for (const pair of pairs) if (hits[pair[0]]) return true;
    return false;
  };
  const byName = (image) => image.names !== undefined && isIn(inNames, image.names);
  if (within === "path") return (place) => paths[place].includes(wanted);
  if (within === "best") return (place) => byName(images[place]) || (best[place] !== NONE && inClasses[best[place]] === 1);
  return (place) => paths[place].includes(wanted) || byName(images[place]) || isIn(inClasses, images[place].predictions);
}

function kindTest(kind) {
  if (kind === "") return () => true;
  if (kind === UNNAMED) return (place) => !failed[place] && images[place].names === undefined;
  return (place) => images[place].names?.some((pair) => pair[0] === +kind) ?? false;
}

// The images that match, and the counts of each facet among the images that match all other filters.
function matchesOf(state) {
  const matches = { shown: [], failures: [], kinds: new Uint32Array(names.length), unnamed: 0,
    classes: new Uint32Array(classes.length), statuses: { ok: 0, warning: 0, error: 0 }, bins: new Uint32Array(BINS) };
  const isSearched = searching(state), isOfKind = kindTest(state.kind), hasStatus = STATUSES[state.status];
  const everyConfidence = state.min === 0 && state.max === 100;
  const [least, most, wantedClass] = [state.min / 100, state.max / 100, state.class === "" ? NONE : +state.class];
  for (const place of orderOf(state.sort)) {
    if (!isSearched(place)) continue;
    // How many of the four filters leave the image out: a facet counts those that no other filter leaves out.
    const statusFits = hasStatus(place), kindFits = isOfKind(place);
    const scoreFits = everyConfidence || (best[place] !== NONE && scores[place] >= least && scores[place] <= most);
    const classFits = wantedClass === NONE || best[place] === wantedClass;
    const misses = !statusFits + !kindFits + !scoreFits + !classFits;
    if (misses > 1) continue;
    if (!misses) (failed[place] ? matches.failures : matches.shown).push(place);
    if (misses === (kindFits ? 0 : 1)) countKinds(matches, place);
    if (best[place] !== NONE && misses === (classFits ? 0 : 1)) matches.classes[best[place]] += 1;
    if (best[place] !== NONE && misses === (scoreFits ? 0 : 1)) matches.bins[binOf(scores[place])] += 1;
    if (misses === (statusFits ? 0 : 1)) {
      for (const status in matches.statuses) if (STATUSES[status](place)) matches.statuses[status] += 1;
    }
  }
  return matches;
}

function countKinds(matches, place) {
  const own = images[place].names;
  if (own !== undefined) for (const pair of own) matches.kinds[pair[0]] += 1;
  else if (!failed[place]) matches.unnamed += 1;
}
