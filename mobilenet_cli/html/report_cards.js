// Cards and details of images. All data is inserted as text, by textContent, never as HTML.

const number = new Intl.NumberFormat("en");
const percent = (score) => `${(score * 100).toFixed(1)}%`;

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

// A prediction that matches the search is highlighted, since it may not be among the best.
const isFound = (prediction, state) =>
  state.q.trim() !== "" && state.within !== "path" && prediction.class.text.includes(folded(state.q.trim()));

function predictionLine(prediction, state) {
  const label = element(isFound(prediction, state) ? "mark" : "span", { class: "label", text: prediction.class.label });
  return element(
    "span",
    { class: "prediction", style: { "--part": prediction.score } },
    label, " ", span("score", percent(prediction.score)),
  );
}

function card(image, state) {
  const picture = span("picture");
  setPicture(picture, image);
  const lines = image.predictions.slice(0, CARD_LABELS).map((each) => predictionLine(each, state));
  if (image.error !== null) lines.push(span("error", image.error || "failed"));
  else if (!lines.length) lines.push(span("error quiet", "no label"));
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

function showDetails(image, state) {
  const find = (name) => document.getElementById(`details-${name}`);
  const best = image.predictions[0];
  setPicture(find("picture"), image);
  find("title").textContent = best ? best.class.label : image.error === null ? "No label" : "Failed";
  find("path").textContent = image.path;
  const facts = [image.size && `${image.size.join(" × ")} pixels`, image.predictions.length && models[image.model]];
  find("facts").textContent = facts.filter(Boolean).join(" · ");
  find("error").textContent = image.error ?? "";
  find("predictions").hidden = !best;
  find("predictions").tBodies[0].replaceChildren(
    ...image.predictions.map((each, rank) =>
      element(
        "tr",
        { style: { "--part": each.score } },
        element("td", { class: "number aside", text: rank + 1 }),
        element("td", {}, element(isFound(each, state) ? "mark" : "span", { text: each.class.label })),
        element("td", { class: "path", text: each.class.wnid }),
        element("td", { class: "number aside", text: each.class.index }),
        element("td", { class: "number score", text: percent(each.score) }),
      ),
    ),
  );
}
