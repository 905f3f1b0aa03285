// The dialog with the details of one image.

let detailed = 0; // the index in `matches.shown` of the image whose details are shown
let detailedImage = null;

// The picture from its file, where there is one that the browser can show; its thumbnail meanwhile.
function setWholePicture(place, image) {
  setPicture(place, image);
  const link = linkOf(image);
  for (const each of [place, $("details-open")]) {
    if (link === null) each.removeAttribute("href");
    else each.href = link;
  }
  $("details-open").hidden = link === null;
  if (link === null) place.removeAttribute("aria-label");
  else place.setAttribute("aria-label", "Open original");
  if (link === null) return;
  if (!isShownFrom(link)) return;
  const whole = element("img", { src: link, alt: "" });
  whole.decode().then(() => {
    if (detailedImage !== image) return;
    place.classList.remove("waiting");
    place.replaceChildren(whole);
  }, () => {}); // such as a HEIC: the thumbnail stays
}

// A page asks servers for nothing, unless it lies on one or its links were given one: see the policy in its head.
const isShownFrom = (link) => {
  const address = new URL(link, document.baseURI);
  return address.protocol === "file:" || address.origin === location.origin || Boolean(page.start && link.startsWith(page.start));
};

function titleOf(image) {
  const label = labelOf(image);
  if (label) return label.name.label;
  if (names.length) return "Unnamed";
  return predictionsOf(image)[0]?.name.label ?? "No label";
}

// The score of the sure label, which is the title, and its kinds.
function sureFacts(image) {
  const label = labelOf(image);
  if (!label) return [];
  const kinds = kindsLine(image, state, true);
  return ["Score ", span("score", percent(label.score)), ...(kinds.length ? [" · ", ...kinds] : [])];
}

const row = (attributes, ...cells) => element("tr", attributes, ...cells.map((cell) => element("td", cell)));

function showDetails(image) {
  detailedImage = image;
  const find = (name) => $(`details-${name}`);
  setWholePicture(find("picture"), image);
  find("title").textContent = titleOf(image);
  find("path").textContent = image.path;
  find("sure").replaceChildren(...sureFacts(image));
  find("warning").textContent = image.warning === undefined ? "" : `⚠ ${image.warning}`;
  find("note").textContent = "";
  find("copy").textContent = "Copy path";
  find("selected").checked = selected.has(image.number);
  const predictions = predictionsOf(image);
  const facts = [image.size && `${image.size.join(" × ")} pixels`, predictions.length && models[image.model]];
  find("facts").textContent = facts.filter(Boolean).join(" · ");
  find("predictions").hidden = find("classes").hidden = !predictions.length;
  find("predictions").tBodies[0].replaceChildren(...predictions.map(({ name, score }) => {
    const made = row({ style: { "--part": score } }, {}, { class: "number score", text: percent(score) });
    made.cells[0].append(nameText(name, state));
    return made;
  }));
  const label = labelOf(image);
  const listed = [...(label ? [label] : []), ...predictions];
  find("classes").tBodies[0].replaceChildren(...listed.map(({ name }) =>
    row({}, { text: name.label }, { class: "path", text: name.wnid }, { class: "number", text: name.index >= 0 ? name.index : "" })));
}

function open(place) {
  if (matches.shown[place] === undefined) return;
  detailed = place;
  showDetails(images[matches.shown[place]]);
  $("details-previous").disabled = place === 0;
  $("details-next").disabled = place === matches.shown.length - 1;
  if (!details.open) details.showModal();
}

async function copyDetailed() {
  const note = await copyPaths([detailedImage]);
  $("details-note").textContent = note;
  $("details-copy").textContent = note.startsWith("Copied") ? "Copied" : "Not copied";
}

cards.addEventListener("click", (event) => {
  const button = event.target.closest(".card");
  const box = event.target.closest(".pick input");
  if (box) select(+box.dataset.image, { range: event.shiftKey, on: box.checked });
  if (!button) return;
  const place = +button.dataset.image;
  if (event.shiftKey || event.ctrlKey || event.metaKey) select(place, { range: event.shiftKey });
  else open(matches.shown.indexOf(place));
});
$("details-previous").addEventListener("click", () => open(detailed - 1));
$("details-next").addEventListener("click", () => open(detailed + 1));
$("details-copy").addEventListener("click", copyDetailed);
$("details-selected").addEventListener("change", ({ target }) => select(detailedImage.number, { on: target.checked }));
details.addEventListener("close", () => {
  detailedImage = null;
  focusImage(matches.shown[detailed]);
});
$("help-button").addEventListener("click", () => help.showModal());
for (const dialog of [details, help]) {
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); }); // a click outside it
}
