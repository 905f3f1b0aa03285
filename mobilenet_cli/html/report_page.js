// The page's controls. The state is also kept in the URL, so that a view can be shared.

const PAGE = 60; // images shown at a time
const SEARCH_DELAY = 120; // ms after a keystroke, so that a word is searched once, not once per letter
const $ = (id) => document.getElementById(id);
const cards = $("cards"), details = $("details"), help = $("help");
const wide = matchMedia("(min-width: 60rem)");

let state = stateOf(location.hash);
let found = []; // the images that match, in order
let detailed = 0; // the index in `found` of the image whose details are shown
let timer;
let delay; // the timer of a search being typed; undefined if none is pending

const pages = () => Math.max(1, Math.ceil(found.length / PAGE));
const cardButtons = () => [...cards.querySelectorAll(".card")];

function render() {
  found = imagesFor(state);
  state.page = Math.min(Math.max(state.page, 1), pages());
  const first = (state.page - 1) * PAGE;
  const shown = found.slice(first, first + PAGE);
  cards.replaceChildren(...shown.map((image) => card(image, state)));
  renderControls();
  renderCount(first, shown.length);
  clearTimeout(timer);
  timer = setTimeout(() => history.replaceState(null, "", hashOf(state) || location.pathname + location.search), 250);
}

function renderCount(first, count) {
  const all = images.length === 1 ? "1 image" : `${number.format(images.length)} images`;
  const matching = found.length === images.length ? all : `${number.format(found.length)} of ${all}`;
  const range = pages() > 1 ? `, ${number.format(first + 1)} to ${number.format(first + count)} shown` : "";
  $("matches").textContent = matching + range;
  $("nothing").hidden = found.length > 0;
  $("pager").hidden = pages() === 1;
  $("pages").textContent = number.format(pages());
  $("page").max = pages();
  $("previous").disabled = state.page === 1;
  $("next").disabled = state.page === pages();
}

function renderControls() {
  for (const name of ["within", "sort", "min", "max", "page"]) $(name).value = state[name];
  if ($("q").value !== state.q) $("q").value = state.q;
  document.querySelector(`[name=status][value=${state.status}]`).checked = true;
  for (const name of ["min", "max"]) document.querySelector(`[for=${name}]`).textContent = `${state[name]}%`;
  [...$("histogram").children].forEach((bar, bin, { length }) => {
    const [from, to] = [(bin * 100) / length, ((bin + 1) * 100) / length];
    bar.classList.toggle("outside", to <= state.min || from >= state.max + (state.max === 100));
  });
  for (const button of $("found").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.class === state.class));
    if (button.dataset.class === state.class) button.parentElement.hidden = false;
  }
  showKind(state.kind);
  $("reset").hidden = hashOf({ ...state, sort: DEFAULTS.sort, page: 1 }) === "";
}

// Any change of the filters goes back to the first page. A pending search is included.
function change(changes) {
  clearTimeout(delay); // it would render the cards again and take the focus from them
  delay = undefined;
  state = { ...state, page: 1, q: $("q").value, ...changes };
  render();
}

function turnTo(page, place) {
  const inside = cards.contains(document.activeElement);
  change({ page });
  if (place !== undefined || inside) cardButtons().at(place ?? 0)?.focus();
  if (!inside) $("images-title").parentElement.scrollIntoView({ block: "start" });
}

// Move the focus by `step` cards, on to the next or previous page at the end of this one.
function move(step) {
  const buttons = cardButtons();
  const place = buttons.indexOf(document.activeElement);
  const target = place < 0 ? 0 : place + step;
  if (buttons[target]) buttons[target].focus();
  else if (target < 0 && state.page > 1) turnTo(state.page - 1, -1);
  else if (target >= buttons.length && state.page < pages()) turnTo(state.page + 1, 0);
}

function columns() {
  return getComputedStyle(cards).gridTemplateColumns.split(" ").length;
}

function open(place) {
  if (!found[place]) return;
  detailed = place;
  showDetails(found[place], state);
  $("details-previous").disabled = place === 0;
  $("details-next").disabled = place === found.length - 1;
  if (!details.open) details.showModal();
}

$("q").addEventListener("input", () => {
  clearTimeout(delay);
  delay = setTimeout(() => change({}), SEARCH_DELAY);
});
for (const name of ["within", "sort"]) $(name).addEventListener("change", (event) => change({ [name]: event.target.value }));
for (const radio of document.getElementsByName("status")) radio.addEventListener("change", () => change({ status: radio.value }));
$("min").addEventListener("input", ({ target: { value } }) => change({ min: +value, max: Math.max(+value, state.max) }));
$("max").addEventListener("input", ({ target: { value } }) => change({ max: +value, min: Math.min(+value, state.min) }));
$("found").addEventListener("click", (event) => {
  const chosen = event.target.closest("button")?.dataset.class;
  if (chosen !== undefined) change({ class: chosen === state.class ? "" : chosen });
});
$("kinds-section")?.addEventListener("click", ({ target }) => {
  const chosen = target.closest("[data-kind]")?.dataset.kind;
  if (chosen === undefined) return;
  change({ kind: chosen === state.kind ? "" : chosen });
  if (state.kind !== "") openKind(target.closest("li"));
});
$("all-classes")?.addEventListener("click", (event) => {
  const others = [...$("found").children].filter((item) => item.hidden);
  for (const item of others) item.hidden = false;
  others[0]?.firstElementChild.focus();
  event.target.remove();
});
$("reset").addEventListener("click", () => {
  change({ ...DEFAULTS, sort: state.sort });
  $("q").focus();
});
$("previous").addEventListener("click", () => turnTo(state.page - 1));
$("next").addEventListener("click", () => turnTo(state.page + 1));
$("page").addEventListener("change", (event) => turnTo(Math.round(+event.target.value) || 1));
cards.addEventListener("click", (event) => {
  const button = event.target.closest(".card");
  if (button) open((state.page - 1) * PAGE + cardButtons().indexOf(button));
});
$("details-previous").addEventListener("click", () => open(detailed - 1));
$("details-next").addEventListener("click", () => open(detailed + 1));
details.addEventListener("close", () => {
  turnTo(Math.floor(detailed / PAGE) + 1, detailed % PAGE);
});
$("help-button").addEventListener("click", () => help.showModal());
for (const dialog of [details, help]) {
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); }); // a click outside it
}

const KEYS = {
  "/": () => { $("q").focus(); $("q").select(); },
  "?": () => help.showModal(),
  j: () => move(1),
  k: () => move(-1),
  n: () => state.page < pages() && turnTo(state.page + 1),
  p: () => state.page > 1 && turnTo(state.page - 1),
};
const ARROWS = {
  ArrowRight: () => move(1),
  ArrowLeft: () => move(-1),
  ArrowDown: () => move(columns()),
  ArrowUp: () => move(-columns()),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target.matches("input:not([type=checkbox]), select");
  let action;
  if (details.open) {
    if (event.key === "ArrowRight" || event.key === "j") action = () => open(detailed + 1);
    if (event.key === "ArrowLeft" || event.key === "k") action = () => open(detailed - 1);
  } else if (help.open || isTyping) {
    if (event.target === $("q") && event.key === "Escape") action = () => change({ q: "" });
    if (event.target === $("q") && (event.key === "ArrowDown" || event.key === "Enter")) action = () => { if (delay !== undefined) change({}); cardButtons()[0]?.focus(); };
  } else if (cards.contains(event.target)) {
    action = ARROWS[event.key];
  }
  if (!action && !details.open && !help.open && !isTyping && $("keys").checked) action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

addEventListener("hashchange", () => {
  state = stateOf(location.hash);
  render();
});
const fold = () => { $("filters").open = wide.matches; };
wide.addEventListener("change", fold);
fold();
render();

const waiting = setInterval(fillWaiting, 200);
document.addEventListener("DOMContentLoaded", () => {
  clearInterval(waiting);
  fillWaiting();
});
