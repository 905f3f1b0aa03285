// The page's controls. The state is also kept in the URL, so that a view can be shared.

const SEARCH_DELAY = 120; // ms after a keystroke, so that a word is searched once, not once per letter
const FAILURES_SHOWN = 100; // at a time
const $ = (id) => document.getElementById(id);
const cards = $("cards"), details = $("details"), help = $("help");
const wide = matchMedia("(min-width: 60rem)");

let state = stateOf(location.hash);
let matches; // see `matchesOf`; `render` makes it
let perPage = 60; // images shown at a time: more where the window is large
let failuresShown = FAILURES_SHOWN;
let timer;
let delay; // the timer of a search being typed; undefined if none is pending

const pages = () => Math.max(1, Math.ceil(matches.shown.length / perPage));
const cardButtons = () => [...cards.querySelectorAll(".card")];
const columns = () => getComputedStyle(cards).gridTemplateColumns.split(" ").length;

function render() {
  matches = matchesOf(state);
  document.documentElement.style.setProperty("--size", `${state.size}px`);
  perPage = Math.max(60, 8 * Math.floor(cards.clientWidth / (state.size + 16)));
  state.page = Math.min(Math.max(state.page, 1), pages());
  renderCards();
  renderControls();
  renderFacets(matches, state);
  renderFailures();
  renderSelection();
  clearTimeout(timer);
  timer = setTimeout(() => history.replaceState(null, "", hashOf(state) || location.pathname + location.search), 250);
}

function renderCards() {
  const first = (state.page - 1) * perPage;
  const shown = matches.shown.slice(first, first + perPage);
  cards.replaceChildren(...shown.map((place) => card(images[place], state)));
  cards.hidden = !shown.length;
  const all = counted(images.length, "image");
  const matching = matches.shown.length + matches.failures.length;
  const range = pages() > 1 ? `, ${number.format(first + 1)} to ${number.format(first + shown.length)} shown` : "";
  $("matches").textContent = (matching === images.length ? all : `${number.format(matching)} of ${all}`) + range;
  $("nothing").hidden = matching > 0;
  $("pager").hidden = pages() === 1;
  $("pages").textContent = number.format(pages());
  $("page").max = pages();
  $("previous").disabled = state.page === 1;
  $("next").disabled = state.page === pages();
}

function renderFailures() {
  const { failures } = matches;
  const rest = failures.length - failuresShown;
  $("failures").hidden = !failures.length;
  $("failures-title").textContent = `${number.format(failures.length)} failed`;
  $("failures-list").replaceChildren(...failures.slice(0, failuresShown).map((place) => failureItem(images[place])));
  $("more-failures").hidden = rest <= 0;
  $("more-failures").textContent = `Show ${number.format(Math.min(rest, 10 * FAILURES_SHOWN))} more`;
}

function renderControls() {
  for (const name of ["within", "sort", "min", "max", "page", "size"]) $(name).value = state[name];
  if ($("q").value !== state.q) $("q").value = state.q;
  document.querySelector(`[name=status][value=${state.status}]`).checked = true;
  for (const [status, count] of Object.entries(matches.statuses)) {
    const shown = document.querySelector(`[name=status][value=${status}] + span i`);
    if (shown) shown.textContent = number.format(count);
  }
  for (const name of ["min", "max"]) document.querySelector(`[for=${name}]`).textContent = `${state[name]}%`;
  const peak = Math.max(...matches.bins, 1);
  [...$("histogram").children].forEach((bar, bin, { length }) => {
    const [from, to] = [(bin * 100) / length, ((bin + 1) * 100) / length];
    bar.style.setProperty("--part", matches.bins[bin] / peak);
    bar.classList.toggle("empty", !matches.bins[bin]);
    bar.title = `${from} to ${to}%: ${number.format(matches.bins[bin])}`;
    bar.classList.toggle("outside", to <= state.min || from >= state.max + (state.max === 100));
  });
  $("reset").hidden = hashOf({ ...state, sort: DEFAULTS.sort, size: DEFAULTS.size, page: 1 }) === "";
}

// Any change of the filters goes back to the first page. A pending search is included.
function change(changes) {
  clearTimeout(delay); // it would render the cards again and take the focus from them
  delay = undefined;
  failuresShown = FAILURES_SHOWN;
  state = { ...state, page: 1, q: $("q").value, ...changes };
  for (const place of chainOf(state.kind).slice(0, -1)) opened.add(place);
  render();
}

function turnTo(page, place) {
  const inside = cards.contains(document.activeElement);
  change({ page });
  if (place !== undefined || inside) cardButtons().at(place ?? 0)?.focus();
  if (!inside) $("images-title").parentElement.scrollIntoView({ block: "start" });
}

// Show the page that has an image, and focus its card.
function focusImage(place) {
  const at = matches.shown.indexOf(place);
  if (at >= 0) turnTo(Math.floor(at / perPage) + 1, at % perPage);
}

$("q").addEventListener("input", () => {
  clearTimeout(delay);
  delay = setTimeout(() => change({}), SEARCH_DELAY);
});
facetQuery.addEventListener("input", () => renderFacets(matches, state));
for (const name of ["within", "sort"]) $(name).addEventListener("change", (event) => change({ [name]: event.target.value }));
for (const radio of document.getElementsByName("status")) radio.addEventListener("change", () => change({ status: radio.value }));
$("min").addEventListener("input", ({ target: { value } }) => change({ min: +value, max: Math.max(+value, state.max) }));
$("max").addEventListener("input", ({ target: { value } }) => change({ max: +value, min: Math.min(+value, state.min) }));
// The images stay where they are while they grow and shrink; how many a page has is settled at the end.
$("size").addEventListener("input", ({ target: { value } }) => document.documentElement.style.setProperty("--size", `${value}px`));
$("size").addEventListener("change", ({ target: { value } }) => {
  const first = (state.page - 1) * perPage;
  state.size = +value;
  render();
  turnTo(Math.floor(first / perPage) + 1);
});
foundList.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-class]")?.dataset.class;
  if (chosen !== undefined) change({ class: chosen === state.class ? "" : chosen });
});
$("kinds-section")?.addEventListener("click", ({ target }) => {
  const chosen = target.closest("[data-kind]")?.dataset.kind;
  if (chosen === undefined) return;
  if (chosen !== state.kind && names[chosen]) opened.add(+chosen);
  change({ kind: chosen === state.kind ? "" : chosen });
});
$("reset").addEventListener("click", () => {
  change({ ...DEFAULTS, sort: state.sort, size: state.size });
  $("q").focus();
});
$("previous").addEventListener("click", () => turnTo(state.page - 1));
$("next").addEventListener("click", () => turnTo(state.page + 1));
$("page").addEventListener("change", (event) => turnTo(Math.round(+event.target.value) || 1));
$("more-failures").addEventListener("click", () => {
  const from = failuresShown;
  failuresShown += 10 * FAILURES_SHOWN;
  renderFailures();
  $("failures-list").children[from]?.querySelector("input").focus();
});

function start() {
  addEventListener("hashchange", () => {
    state = stateOf(location.hash);
    change({ ...state });
  });
  const fold = () => { $("filters").open = wide.matches; };
  wide.addEventListener("change", fold);
  fold();
  $("q").value = state.q;
  change({ ...state });
  const waiting = setInterval(fillWaiting, 200);
  document.addEventListener("DOMContentLoaded", () => {
    clearInterval(waiting);
    fillWaiting();
  });
}
