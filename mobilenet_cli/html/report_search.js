// Which images match, in which order, and how many each filter would give. Nothing here changes the page.

const STATUSES = {
  all: () => true,
  ok: (place) => !isFailed(place),
  warning: (place) => (flags[place] & WARNED) !== 0,
  error: isFailed,
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
  const inNames = hits(names, wanted), inClasses = hits(classes, wanted);
  const inPath = (place) => paths[place].includes(wanted);
  if (within === "path") return inPath;
  if (within === "best") return (place) => hasHit(flatNames, place, inNames) || (best[place] !== NONE && inClasses[best[place]] === 1);
  return (place) => hasHit(flatNames, place, inNames) || hasHit(flatClasses, place, inClasses) || inPath(place);
}

const hits = (list, wanted) => Uint8Array.from(list, ({ text }) => text.includes(wanted));

function hasHit({ starts, places }, place, hit) {
  for (let at = starts[place]; at < starts[place + 1]; at++) if (hit[places[at]]) return true;
  return false;
}

function kindTest(kind) {
  if (kind === "") return () => true;
  if (kind === UNNAMED) return (place) => !isFailed(place) && !isNamed(place);
  const wanted = Uint8Array.from(names, ({ place }) => place === +kind);
  return (place) => hasHit(flatNames, place, wanted);
}

// The images that match, and the counts of each facet among the images that match all other filters.
function matchesOf(state) {
  const matches = {
    shown: [], failures: [], unnamed: 0, statuses: { ok: 0, warning: 0, error: 0 },
    kinds: new Uint32Array(names.length), classes: new Uint32Array(classes.length), bins: new Uint32Array(BINS),
  };
  const isSearched = searching(state), isOfKind = kindTest(state.kind), hasStatus = STATUSES[state.status];
  const everyConfidence = state.min === 0 && state.max === 100;
  const [least, most, wantedClass] = [state.min / 100, state.max / 100, state.class === "" ? NONE : +state.class];
  const order = orderOf(state.sort);
  for (let at = 0; at < order.length; at++) {
    const place = order[at], score = scores[place], top = best[place];
    if (!isSearched(place)) continue;
    const statusFits = hasStatus(place), kindFits = isOfKind(place);
    const scoreFits = everyConfidence || (top !== NONE && score >= least && score <= most);
    const classFits = wantedClass === NONE || top === wantedClass;
    // How many of the four filters leave the image out: a facet counts those that no other filter leaves out.
    const misses = !statusFits + !kindFits + !scoreFits + !classFits;
    if (misses > 1) continue;
    if (!misses) (isFailed(place) ? matches.failures : matches.shown).push(place);
    if (misses === 0 || !kindFits) countKinds(matches, place);
    if (top !== NONE && (misses === 0 || !classFits)) matches.classes[top] += 1;
    if (top !== NONE && (misses === 0 || !scoreFits)) matches.bins[binOf(score)] += 1;
    if (misses === 0 || !statusFits) countStatus(matches.statuses, flags[place]);
  }
  return matches;
}

function countKinds(matches, place) {
  const { starts, places } = flatNames;
  for (let at = starts[place]; at < starts[place + 1]; at++) matches.kinds[places[at]] += 1;
  if (!isNamed(place) && !isFailed(place)) matches.unnamed += 1;
}

function countStatus(statuses, flag) {
  if (flag & FAILED) statuses.error += 1;
  else statuses.ok += 1;
  if (flag & WARNED) statuses.warning += 1;
}
