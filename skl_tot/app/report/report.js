// What the page does beside the timelines: cycles, controls, the legend, links to
// recordings, and tables.
import { Timelines, collator, element, partOf } from "./timelines.js";

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const unit = byId("unit"), legend = [...document.querySelectorAll("#legend button")];
document.documentElement.classList.add("scripted");

const timelines = new Timelines(byId("plot"), { ...data, rows: data.recordings }, {
  onShown(n, of) {
    const what = unit?.value === "cycles" ? "cycle" : "recording";
    byId("shown").textContent = `${n === of ? n : `${n} of ${of}`} ${what}${n === 1 && n === of ? "" : "s"}`;
  },
});

// ---- cycles as rows like those of recordings, each from its start on and without breaks

function cyclesOf(recording) {
  return recording.cycles.map(([from, to, deviation], i) => {
    const name = `${data.recordings.length > 1 ? `${recording.name}, ` : ""}cycle ${i + 1}`;
    const where = `${name}, from ${timelines.at(from)}`, clock = timelines.clockOf(recording, from);
    return { ...partOf(recording, from, to), name, where, deviation, clock };
  });
}

const cycles = data.recordings.flatMap(cyclesOf);

function showUnit() {
  if (unit.value === "cycles") timelines.show(cycles, data.reach);
  else timelines.show(data.recordings);
}

unit?.addEventListener("change", showUnit);
if (unit) showUnit();

// ---- controls

function choose(code) {
  const action = timelines.view.action === code ? null : code;
  for (const button of legend) button.setAttribute("aria-pressed", String(+button.dataset.code === action));
  timelines.focusAction(action);
}

for (const button of legend) button.addEventListener("click", () => choose(+button.dataset.code));
byId("sort").addEventListener("change", (event) => timelines.sort(event.target.value));
byId("filter").addEventListener("input", (event) => timelines.filter(event.target.value));
for (const id of ["tall", "doubt"]) {
  byId(id).addEventListener("change", (event) => timelines.setView({ [id]: event.target.checked }));
}
byId("closer").addEventListener("click", () => timelines.zoom(0.5));
byId("wider").addEventListener("click", () => timelines.zoom(2));
byId("whole").addEventListener("click", () => timelines.whole());

for (const link of document.querySelectorAll("a[data-show]")) {
  link.addEventListener("click", () => {
    byId("filter").value = "";
    timelines.filter("");
    if (unit && unit.value !== "cycles") {
      unit.value = "cycles";
      showUnit();
    }
    timelines.open(+link.dataset.show);
  });
}

// ---- tables that are sorted by their headings, and long ones that are opened

function valueOf(row, column) {
  const { dataset, textContent, classList } = row.cells[column], text = textContent.trim();
  if (dataset.value !== undefined) return +dataset.value;
  const value = classList.contains("number") ? parseFloat(text.replace("−", "-")) : NaN;
  return Number.isNaN(value) ? text : value;
}

function compare(a, b, sign) {  // numbers before texts, such as a dash for none
  const [isFirst, isSecond] = [a, b].map((value) => typeof value === "number");
  if (isFirst !== isSecond) return isFirst ? -1 : 1;
  return sign * (isFirst ? a - b : collator.compare(a, b));
}

function sortRows(table, column, direction) {
  const body = table.tBodies[0], sign = direction === "descending" ? -1 : 1;
  const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
  rows.sort(([a], [b]) => compare(a, b, sign));
  body.append(...rows.map(([, row]) => row));
  for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
  table.tHead.rows[0].cells[column].setAttribute("aria-sort", direction);
}

function makeSortable(table) {
  const orders = table.previousElementSibling?.querySelector(".orders");
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const cells = [...table.tBodies[0].rows].map((row) => row.cells[column]);
    const isPicture = ({ classList, dataset, textContent }) => classList.contains("bar")
      || dataset.value === undefined && !textContent.trim();
    if (!head.textContent || cells.every(isPicture)) return;
    const isNumber = head.classList.contains("number") || cells.some((cell) => cell.dataset.value);
    const button = element("button", { type: "button" }, ...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort"), first = isNumber ? "descending" : "ascending";
      const other = isNumber ? "ascending" : "descending", direction = now === first ? other : first;
      sortRows(table, column, direction);
      if (orders) orders.value = `${column} ${direction}`;  // none, if it is no choice
    });
  });
  orders?.addEventListener("change", () => sortRows(table, ...orders.value.split(" ")));
}

function makeOpenable(table) {
  const n = table.tBodies[0].rows.length;
  if (n <= 12) return;
  const button = element("button", { type: "button", className: "more", ariaExpanded: "false" });
  const tell = () => {
    const isAll = table.classList.contains("all");
    button.textContent = isAll ? `Show 12 ${table.dataset.what}` : `Show all ${n} ${table.dataset.what}`;
    button.ariaExpanded = isAll;
  };
  button.addEventListener("click", () => { table.classList.toggle("all"); tell(); });
  tell();
  table.after(button);
}

for (const table of document.querySelectorAll(".sortable")) makeSortable(table);
for (const table of document.querySelectorAll(".short")) makeOpenable(table);
