"use strict";
// Makes the headings of tables of the class "sortable" buttons that sort their rows.
const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function sorted(table, column, ascending) {
  const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const rows = [...table.tBodies[0].rows];
  const isNumber = rows.every((row) => row.cells[column].dataset.value !== undefined);
  const compare = isNumber ? (a, b) => value(a) - value(b) : (a, b) => names.compare(value(a), value(b));
  return rows.sort((a, b) => (ascending ? compare(a, b) : compare(b, a)));
}

for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const ascending = heading.getAttribute("aria-sort") !== "ascending";
      table.tBodies[0].append(...sorted(table, column, ascending));
      headings.forEach((each) => each.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    });
  });
}
