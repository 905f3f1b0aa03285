// The keyboard.

const focusedImage = () => images[document.activeElement?.closest?.(".card")?.dataset.image];

// Move the focus by `step` cards, on to the next or previous page at the end of this one.
function move(step) {
  const buttons = cardButtons();
  const place = buttons.indexOf(document.activeElement);
  const target = place < 0 ? 0 : place + step;
  if (buttons[target]) buttons[target].focus();
  else if (target < 0 && state.page > 1) turnTo(state.page - 1, -1);
  else if (target >= buttons.length && state.page < pages()) turnTo(state.page + 1, 0);
}

// Move, and select all on the way, from where it began.
function extend(step) {
  const before = focusedImage();
  if (before && (anchor === null || !selected.has(before.number))) select(before.number, { on: true });
  move(step);
  const image = focusedImage();
  if (image) select(image.number, { range: true });
}

function openOriginal(image) {
  const link = image && linkOf(image);
  if (link) element("a", { href: link, target: "_blank", rel: "noopener noreferrer" }).click();
}

function copyHere() {
  const image = focusedImage();
  if (selected.size) copySelected();
  else if (image) copyPaths([image]).then((note) => { $("matches").textContent = note; });
}

function clearSelection() {
  if (selected.size) selectNone();
}

const KEYS = {
  "/": () => { $("q").focus(); $("q").select(); },
  "?": () => help.showModal(),
  j: () => move(1),
  k: () => move(-1),
  n: () => state.page < pages() && turnTo(state.page + 1),
  p: () => state.page > 1 && turnTo(state.page - 1),
  o: () => openOriginal(focusedImage()),
  a: selectAll,
  c: copyHere,
  s: () => selected.size && saveSelected(),
};
const STEPS = { ArrowRight: () => 1, ArrowLeft: () => -1, ArrowDown: columns, ArrowUp: () => -columns() };
const DETAIL_KEYS = { j: () => open(detailed + 1), k: () => open(detailed - 1), o: () => openOriginal(detailedImage), c: copyDetailed };

// What a key does on a card.
function cardAction({ key, shiftKey }) {
  if (key === " ") return () => select(focusedImage().number, { range: shiftKey });
  const step = STEPS[key];
  return step && (() => (shiftKey ? extend : move)(step()));
}

function searchAction({ key }) {
  if (key === "Escape") return () => change({ q: "" });
  if (key !== "ArrowDown" && key !== "Enter") return undefined;
  return () => {
    if (delay !== undefined) change({});
    cardButtons()[0]?.focus();
  };
}

function actionOf(event) {
  const { key, target } = event;
  const isTyping = target.matches("input:not([type=checkbox]), select");
  const hasLetters = $("keys").checked;
  if (details.open) {
    if (key === "ArrowRight") return () => open(detailed + 1);
    if (key === "ArrowLeft") return () => open(detailed - 1);
    return hasLetters ? DETAIL_KEYS[key] : undefined;
  }
  if (help.open) return undefined;
  if (target === $("q")) return searchAction(event);
  if (isTyping) return undefined;
  const own = target.matches(".card") ? cardAction(event) : undefined;
  return own ?? (key === "Escape" ? clearSelection : hasLetters ? KEYS[key] : undefined);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const action = actionOf(event);
  if (!action) return;
  event.preventDefault();
  action();
});
// A button is pressed when Space is released.
cards.addEventListener("keyup", (event) => { if (event.key === " " && event.target.matches(".card")) event.preventDefault(); });
