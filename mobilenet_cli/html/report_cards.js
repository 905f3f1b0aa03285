// Cards of images, and the list of failures. All data is inserted as text, by textContent, never as HTML.

function element(name, { text, style, ...attributes } = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  for (const [key, value] of Object.entries(style ?? {})) made.style.setProperty(key, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

const span = (kind, text, ...children) => element("span", { class: kind, text }, ...children);

// The address of an image's thumbnail; null: it has none; undefined: the page is still loading it.
function thumbnailOf(image) {
  const own = document.getElementById(`picture-${image.number}`);
  if (page.thumbnails === null || own?.className === "no-picture") return null;
  if (page.thumbnails === "") return own?.textContent ?? (document.readyState === "loading" ? undefined : null);
  if (document.readyState === "loading") return undefined; // the numbers of those without one come last
  return `${page.thumbnails}/${Math.floor(image.number / 1000)}/${image.number}.webp`;
}

function fillPicture(place) {
  const address = thumbnailOf(images[place.dataset.image]);
  if (address === undefined) return;
  place.classList.remove("waiting");
  if (address === null) {
    place.replaceChildren(span("none", "no preview"));
    return;
  }
  const shown = element("img", { src: address, alt: "" });
  shown.decoding = "async";
  shown.addEventListener("error", () => place.replaceChildren(span("none", "no preview")));
  place.replaceChildren(shown);
}

function fillWaiting() {
  for (const place of document.querySelectorAll(".picture.waiting")) fillPicture(place);
}

function setPicture(place, image) {
  place.dataset.image = image.number;
  place.classList.add("waiting");
  place.replaceChildren();
  fillPicture(place);
}

const RUNNER_UP = 0.05; // the lowest score of a class that is shown beside the label

// A name that matches the search is highlighted, since it may not be the label.
function isMarked({ text }, state) {
  const wanted = folded(state.q.trim());
  return wanted !== "" && state.within !== "path" && text.includes(wanted);
}

function nameText(name, state, kind = "label") {
  return element(isMarked(name, state) ? "mark" : "span", { class: kind, text: name.label });
}

function scoreLine(kind, name, score, state) {
  return element(
    "span", { class: kind, style: { "--part": score } }, nameText(name, state), " ", span("score", percent(score)),
  );
}

// The kinds of a label, from general to specific.
function kindsLine(image, state, withScores = false) {
  const parts = namesOf(image).slice(0, -1).flatMap(({ name, score }, place) => [
    ...(place ? [" › "] : []), nameText(name, state, "kind"), ...(withScores ? [" ", span("score", percent(score))] : []),
  ]);
  return parts.length ? [span("kinds", undefined, ...parts)] : [];
}

// The sure label, its kinds, and the runners-up; also a class that the search found, however low it scores.
// Without any sure label on the page, as in results of earlier versions, the best class is the headline.
function labelLines(image, state) {
  const label = labelOf(image);
  const isLabel = ({ name }) => label && name.label === label.name.label && name.wnid === label.name.wnid;
  const others = predictionsOf(image).filter((each, rank) =>
    !isLabel(each) && (each.score >= RUNNER_UP || isMarked(each.name, state) || (rank === 0 && !label)));
  const lines = others.map(({ name, score }, rank) =>
    scoreLine(names.length || rank ? "prediction" : "prediction headline", name, score, state));
  if (label) return [scoreLine("sure headline", label.name, label.score, state), ...kindsLine(image, state), ...lines];
  return names.length ? [span("unnamed", "unnamed"), ...lines] : lines;
}

function pickBox(image) {
  const box = element("input", { type: "checkbox", "aria-label": `Select ${image.path}` });
  box.checked = selected.has(image.number);
  box.dataset.image = image.number;
  return box;
}

function originalLink(image, attributes, ...children) {
  const link = linkOf(image);
  if (link === null) return [];
  return [element("a", { href: link, target: "_blank", rel: "noopener noreferrer", ...attributes }, ...children)];
}

function card(image, state) {
  const parts = [];
  if (page.thumbnails !== null) {
    parts.push(span("picture"));
    setPicture(parts[0], image);
  }
  const lines = labelLines(image, state);
  if (!lines.length) lines.push(span("error quiet", "no label"));
  if (image.warning !== undefined) lines.push(span("warning", `⚠ ${image.warning}`));
  const path = image.path.slice(page.folder.length);
  const slash = path.lastIndexOf("/", path.length - 2) + 1;
  const folder = slash ? [span("folder", path.slice(0, slash))] : [];
  const button = element(
    "button",
    { type: "button", class: "card", title: image.path, "aria-haspopup": "dialog", "aria-keyshortcuts": "Space" },
    ...parts, span("lines", undefined, ...lines), span("path", undefined, ...folder, span("file", path.slice(slash))),
  );
  button.dataset.image = image.number;
  // The keyboard reaches both from the card: Space selects, and the details have the link.
  const box = pickBox(image);
  box.tabIndex = -1;
  const link = originalLink(
    image, { class: "original", title: "Open original", "aria-label": `Open original ${image.path}`, tabindex: "-1" }, "↗",
  );
  const item = element("li", {}, button, element("label", { class: "pick" }, box), ...link);
  item.classList.toggle("picked", box.checked);
  return item;
}

function failureItem(image) {
  const path = span("path", image.path);
  const link = originalLink(image, {}, path);
  return element("li", {}, pickBox(image), ...(link.length ? link : [path]), span("error", image.error || "failed"));
}
