// Cards and details of images. All data is inserted as text, by textContent, never as HTML.

const number = new Intl.NumberFormat("en");
const percent = (score) => (score === null ? "" : `${(score * 100).toFixed(1)}%`); // a CSV has no scores of kinds

function element(name, { text, style, ...attributes } = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  for (const [key, value] of Object.entries(style ?? {})) made.style.setProperty(key, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

const span = (kind, text, ...children) => element("span", { class: kind, text }, ...children);

// Each thumbnail is an element after the script: until the page is loaded, some pictures have to wait.
function fillPicture(place) {
  const uri = document.getElementById(`picture-${place.dataset.image}`)?.textContent;
  if (uri) {
    const shown = element("img", { src: uri, alt: "" });
    shown.decoding = "async";
    place.replaceChildren(shown);
  } else if (document.readyState !== "loading") {
    place.replaceChildren(span("none", "no preview"));
  } else {
    return;
  }
  place.classList.remove("waiting");
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

const CARD_LABELS = 5;

// A name that matches the search is highlighted, since it may not be the label.
function nameText({ label, text }, state, kind = "label") {
  const wanted = folded(state.q.trim());
  const isFound = wanted !== "" && state.within !== "path" && text.includes(wanted);
  return element(isFound ? "mark" : "span", { class: kind, text: label });
}

function scoreLine(kind, name, score, state) {
  return element(
    "span", { class: kind, style: { "--part": score } }, nameText(name, state), " ", span("score", percent(score)),
  );
}

// The kinds of a label, from general to specific.
function kindsLine(image, state, withScores = false) {
  const parts = image.names.slice(0, -1).flatMap(({ name, score }, place) => [
    ...(place ? [" › "] : []), nameText(name, state, "kind"), ...(withScores ? [" ", span("score", percent(score))] : []),
  ]);
  return parts.length ? [span("kinds", undefined, ...parts)] : [];
}

// Without any sure label on the page, as in results of earlier versions, the best prediction is the headline.
function labelLines(image, state) {
  const predictions = image.predictions.slice(0, CARD_LABELS);
  const lines = predictions.map((each, rank) =>
    scoreLine(names.length || rank ? "prediction" : "prediction headline", each.class, each.score, state));
  if (image.label) {
    const headline = scoreLine("sure headline", image.label.name, image.label.score, state);
    return [headline, ...kindsLine(image, state), ...lines];
  }
  return names.length && image.error === null ? [span("unnamed", "unnamed"), ...lines] : lines;
}

function card(image, state) {
  const picture = span("picture");
  setPicture(picture, image);
  const lines = labelLines(image, state);
  if (image.error !== null) lines.push(span("error", image.error || "failed"));
  else if (!lines.length) lines.push(span("error quiet", "no label"));
  if (image.warning !== undefined) lines.push(span("warning", `⚠ ${image.warning}`));
  const path = image.path.slice(common.length);
  const slash = path.lastIndexOf("/", path.length - 2) + 1;
  const folder = slash ? [span("folder", path.slice(0, slash))] : [];
  const button = element(
    "button",
    { type: "button", class: image.error === null ? "card" : "card failed", title: image.path, "aria-haspopup": "dialog" },
    picture, span("lines", undefined, ...lines), span("path", undefined, ...folder, span("file", path.slice(slash))),
  );
  button.dataset.image = image.number;
  return element("li", {}, button);
}

function titleOf(image) {
  if (image.error !== null) return "Failed";
  if (image.label) return image.label.name.label;
  if (names.length) return "Unnamed";
  return image.predictions[0]?.class.label ?? "No label";
}

// The score of the sure label, which is the title, and its kinds.
function sureFacts(image, state) {
  if (!image.label) return [];
  const kinds = kindsLine(image, state, true);
  return ["Score ", span("score", percent(image.label.score)), ...(kinds.length ? [" · ", ...kinds] : [])];
}

function showDetails(image, state) {
  const find = (name) => document.getElementById(`details-${name}`);
  setPicture(find("picture"), image);
  find("title").textContent = titleOf(image);
  find("path").textContent = image.path;
  find("sure").replaceChildren(...sureFacts(image, state));
  const facts = [image.size && `${image.size.join(" × ")} pixels`, image.predictions.length && models[image.model]];
  find("facts").textContent = facts.filter(Boolean).join(" · ");
  find("error").textContent = image.error ?? "";
  find("warning").textContent = image.warning === undefined ? "" : `⚠ ${image.warning}`;
  find("predictions").hidden = !image.predictions.length;
  find("predictions").tBodies[0].replaceChildren(
    ...image.predictions.map((each, rank) =>
      element(
        "tr",
        { style: { "--part": each.score } },
        element("td", { class: "number aside", text: rank + 1 }),
        element("td", {}, nameText(each.class, state)),
        element("td", { class: "path", text: each.class.wnid }),
        element("td", { class: "number aside", text: each.class.index < 0 ? "" : each.class.index }),
        element("td", { class: "number score", text: percent(each.score) }),
      ),
    ),
  );
}
