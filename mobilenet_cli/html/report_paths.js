// Paths, byte for byte: links to the originals, what is copied, and lists for --from.

// A row has its escaped path only where that cannot be made of the path that is shown.
const escapedPath = (image) => image.escaped ?? image.path.split("/").map(encodeURIComponent).join("/");

// The link to an image's file, or null. Whatever the data say, it leads to a file or a server.
function linkOf(image) {
  if (image.link === null) return null;
  const link = image.link ?? page.start + escapedPath(image).slice(page.escapedFolder.length);
  try {
    const { protocol } = new URL(link, document.baseURI);
    return [location.protocol, ...page.schemes].includes(protocol) ? link : null;
  } catch {
    return null;
  }
}

// The bytes of a path. `escaped` is made of bytes that may not be UTF-8.
function bytesOf(image) {
  if (image.escaped === undefined) return [...new TextEncoder().encode(image.path)];
  return [...image.escaped.matchAll(/%([0-9A-F]{2})|(.)/g)].map(([, code, plain]) => code ? parseInt(code, 16) : plain.charCodeAt(0));
}

// The path as text for the clipboard: exact unless its bytes are no text.
function textOfPath(image) {
  try {
    return image.escaped === undefined ? image.path : decodeURIComponent(image.escaped);
  } catch {
    return image.path;
  }
}
const isText = (image) => image.escaped === undefined || textOfPath(image) !== image.path;

// What a list with a path a line cannot hold: as for `find -print0`, NUL bytes have to separate the paths then.
const needsNul = (image) => image.escaped !== undefined && /%0A|%0D$|^%EF%BB%BF/.test(image.escaped);

// The list of some images' paths as `--from` reads it, and the options that it is read with.
function listOf(chosen) {
  const withNul = chosen.some(needsNul);
  const name = withNul ? "selected-paths.nul" : "selected-paths.txt";
  const parts = chosen.flatMap((image) => [new Uint8Array(bytesOf(image)), withNul ? "\0" : "\n"]);
  return { name, blob: new Blob(parts, { type: "application/octet-stream" }), use: `--from ${name}${withNul ? " -0" : ""}` };
}

function saveList(chosen) {
  const { name, blob, use } = listOf(chosen);
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return `Saved ${counted(chosen.length, "path")}. Where mnclassify ran: mnclassify ${use}`;
}

// Outside of secure contexts, such as a page from a server without TLS, only the old command copies.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", { "aria-hidden": "true", class: "unseen" });
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    const before = document.activeElement;
    area.value = text;
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    before?.focus();
    return copied;
  }
}

async function copyPaths(chosen) {
  const copied = await copyText(chosen.map(textOfPath).join("\n"));
  if (!copied) return "The browser does not allow copying";
  const odd = chosen.filter((image) => !isText(image) || needsNul(image)).length;
  const advice = odd ? `; for ${number.format(odd)} with bytes that are no plain text, save the list` : "";
  return `Copied ${counted(chosen.length, "path")}${advice}`;
}
