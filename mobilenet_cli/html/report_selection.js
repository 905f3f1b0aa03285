// The images that are selected. They stay so when a filter hides them.

const selected = new Set(); // their numbers
let anchor = null; // the number of the image that was selected last: where a range begins

const selectedImages = () => [...selected].sort((a, b) => a - b).map((place) => images[place]);

function setSelected(number, isSelected) {
  if (isSelected) selected.add(number);
  else selected.delete(number);
}

// Select an image, or no longer; with `range`, all from the last one to this, as they are shown.
function select(number, { range = false, on = !selected.has(number) } = {}) {
  const [from, to] = [matches.shown.indexOf(anchor), matches.shown.indexOf(number)].sort((a, b) => a - b);
  if (range && from >= 0) for (const each of matches.shown.slice(from, to + 1)) selected.add(each);
  else setSelected(number, on);
  if (!range || from < 0) anchor = number;
  renderSelection();
}

function renderSelection(note = "") {
  for (const box of document.querySelectorAll("input[data-image]")) {
    box.checked = selected.has(+box.dataset.image);
    box.closest(".cards li")?.classList.toggle("picked", box.checked);
  }
  document.getElementById("details-selected").checked = detailedImage !== null && selected.has(detailedImage.number);
  document.getElementById("selection").hidden = selected.size === 0;
  document.body.classList.toggle("selecting", selected.size > 0);
  document.getElementById("selection-count").textContent = selected.size ? `${number.format(selected.size)} selected` : "";
  const all = matches.shown.length + matches.failures.length;
  document.getElementById("select-all").textContent = `Select all ${number.format(all)} that match`;
  document.getElementById("selection-note").textContent = note;
}

function selectAll() {
  for (const place of [...matches.shown, ...matches.failures]) selected.add(place);
  renderSelection();
}

function selectNone() {
  selected.clear();
  anchor = null;
  renderSelection();
}

async function copySelected() {
  renderSelection(await copyPaths(selectedImages()));
}

function saveSelected() {
  renderSelection(saveList(selectedImages()));
}

for (const [id, action] of Object.entries({
  "copy-selected": copySelected, "save-selected": saveSelected, "select-all": selectAll, "select-none": selectNone,
})) {
  document.getElementById(id).addEventListener("click", action);
}
document.getElementById("failures-list").addEventListener("change", ({ target }) => select(+target.dataset.image, { on: target.checked }));
