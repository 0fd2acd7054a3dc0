// What people do: point, zoom, walk from segment to segment, sort, filter, choose.

// ---- what is pointed at

const at = (time) => data.fps ? `${fixed(time)} s` : `frame ${time}`;

const swatch = (code) => element("i", { className: `k ${code < 0 ? "cb" : `c${code} h${looks[code].hatch}`}` });

function describe(index, which, segment) {
  const recording = recordings[index];
  const bar = which ? recording.truth : recording.prediction;
  const code = bar.code[segment], name = code === BREAK ? "break" : (which ? data.labels : data.names)[code];
  const isUnsure = !which && code >= 0 && bar.confidence[segment] < data.unsure;
  const lines = [
    element("strong", {}, swatch(code), name),
    element("span", { className: "span" }, span(bar.start[segment], bar.start[segment + 1] ?? recording.end)),
    which ? "ground truth" : isUnsure ? "less sure than usual" : "",
    element("em", {}, recording.name, recording.from === undefined ? "" : `, from ${at(recording.from)}`),
  ];
  return lines.filter((line) => line !== "").map((line) => element("div", {}, line));
}

function showTip(lines, x, y) {
  tip.replaceChildren(...lines);
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = between(4, x + 14, document.documentElement.clientWidth - box.width - 4);
  const below = y + 18 + box.height < window.innerHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${Math.max(4, below ? y + 18 : y - box.height - 12)}px`;
}

function point(at, x, y) {
  if (!at) { tip.hidden = true; return; }
  if (at.segment === undefined) showTip([element("div", {}, element("em", {}, recordings[at.row.index].name))], x, y);
  else showTip(describe(at.row.index, at.bar, at.segment), x, y);
}

// ---- zoom, by a share of what is seen about a value that stays where it is

function setRange(from, to) {
  const least = data.fps ? 2 / data.fps : 2;
  const width = between(least, to - from, longest);
  state.from = between(0, from, longest - width);
  state.to = state.from + width;
  tip.hidden = true;
  draw();
}

function zoom(factor, about = (state.from + state.to) / 2) {
  setRange(about - (about - state.from) * factor, about + (state.to - about) * factor);
}

const pan = (by) => setRange(state.from + by, state.to + by);

// ---- pointer

plot.addEventListener("wheel", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) {
    event.preventDefault();
    zoom(Math.exp(between(-80, event.deltaY, 80) / 200), toValue(event.clientX - canvas.getBoundingClientRect().left));
  } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    event.preventDefault();
    pan((event.deltaX || event.deltaY) / scale());
  }
}, { passive: false });

canvas.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  const x = event.clientX - canvas.getBoundingClientRect().left;
  state.drag = { x, now: x, y: event.clientY, isMoved: false, isRange: false };
});

canvas.addEventListener("pointermove", (event) => {
  const drag = state.drag;
  if (!drag) { point(hit(event.clientX, event.clientY), event.clientX, event.clientY); return; }
  const x = event.clientX - canvas.getBoundingClientRect().left;
  if (!drag.isMoved && Math.abs(x - drag.x) < 5) return;
  if (!drag.isMoved) canvas.setPointerCapture(event.pointerId);
  drag.isMoved = true;
  if (event.pointerType === "mouse") drag.isRange = true;
  else pan((drag.now - x) / scale());
  drag.now = x;
  tip.hidden = true;
  draw();
});

canvas.addEventListener("pointerup", (event) => {
  const drag = state.drag;
  state.drag = null;
  if (!drag) return;
  if (drag.isRange) { setRange(...[toValue(drag.x), toValue(drag.now)].sort((a, b) => a - b)); return; }
  const at = hit(event.clientX, event.clientY);
  if (drag.isMoved || !at) return;
  const isKept = event.pointerType !== "mouse" && state.open.has(at.row.index);
  if (!isKept) toggle(at.row.index);
  if (event.pointerType !== "mouse") point(at, event.clientX, event.clientY);
});

canvas.addEventListener("pointercancel", () => { state.drag = null; draw(); });
canvas.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") tip.hidden = true; });
canvas.addEventListener("dblclick", () => setRange(0, longest));
document.addEventListener("pointerdown", (event) => { if (event.target !== canvas) tip.hidden = true; });
plot.addEventListener("scroll", () => { tip.hidden = true; draw(); });

function toggle(index) {
  if (!state.open.delete(index)) state.open.add(index);
  layout();
}

// ---- keyboard: from segment to segment

function moveTo(rowNumber, bar, segment) {
  const row = state.rows[between(0, rowNumber, state.rows.length - 1)];
  const at = bars(row)[bar], last = at.start.length - 1;
  const number = between(0, segment, last), end = recordings[row.index].end;
  state.cursor = { index: row.index, bar, segment: number };
  const middle = (at.start[number] + (at.start[number + 1] ?? end)) / 2;
  if (middle < state.from || middle > state.to) pan(middle - (state.from + state.to) / 2);
  if (row.top < plot.scrollTop + AXIS) plot.scrollTop = row.top - AXIS;
  if (row.top + row.height > plot.scrollTop + plot.clientHeight) plot.scrollTop = row.top + row.height - plot.clientHeight;
  requestAnimationFrame(() => {  // after the events of scrolling
    drawNow();
    const box = canvas.getBoundingClientRect();
    const lines = describe(row.index, bar, number);
    showTip(lines, box.left + toX(middle), box.top + at.top + at.height / 2 - plot.scrollTop);
    said.textContent = lines.map((line) => line.textContent).join(", ");
  });
}

// Up and down go from bar to bar, also within a row.
function moveBar(rowNumber, at, step) {
  const start = bars(state.rows[rowNumber])[at.bar].start[at.segment];
  let bar = at.bar + step, next = rowNumber;
  if (bar < 0 || bar >= bars(state.rows[rowNumber]).length) {
    next = between(0, rowNumber + step, state.rows.length - 1);
    if (next === rowNumber) return;
    bar = step < 0 ? bars(state.rows[next]).length - 1 : 0;
  }
  moveTo(next, bar, segmentAt(bars(state.rows[next])[bar].start, start));
}

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function press(key) {
  const at = state.cursor, rowNumber = at ? state.rows.findIndex((row) => row.index === at.index) : -1;
  if (key in STEPS) {
    const [up, along] = STEPS[key];
    if (!state.rows.length) return true;
    if (rowNumber < 0 || at.bar >= bars(state.rows[rowNumber]).length) moveTo(Math.max(rowNumber, 0), 0, 0);
    else if (up) moveBar(rowNumber, at, up);
    else moveTo(rowNumber, at.bar, at.segment + along);
  } else if (key === "+" || key === "=") zoom(0.7, at ? recordings[at.index].prediction.start[at.segment] : undefined);
  else if (key === "-") zoom(1 / 0.7);
  else if (key === "0" || key === "Escape") setRange(0, longest);
  else if (key === "Enter" && rowNumber >= 0) toggle(at.index);
  else return false;
  return true;
}

plot.addEventListener("keydown", (event) => {
  if (!event.ctrlKey && !event.metaKey && !event.altKey && press(event.key)) event.preventDefault();
});
plot.addEventListener("blur", () => { state.cursor = null; tip.hidden = true; draw(); });

// ---- controls

const legend = [...document.querySelectorAll("#legend button")];

function choose(code) {
  state.action = state.action === code ? null : code;
  for (const button of legend) button.setAttribute("aria-pressed", String(+button.dataset.code === state.action));
  showAction(actions.find((action) => action.code === state.action));
  draw();
}

function showAction(action) {
  panel.hidden = !action;
  if (!action) return;
  const features = element("ul", { className: "features" });
  for (const [name, value] of action.profile) {
    const sign = value < 0 ? "−" : "+";
    features.append(element("li", {}, element("b", {}, `${sign}${Math.abs(value).toFixed(1)}`), ` ${name}`));
  }
  const typical = element("div", { className: "frames" });
  for (const cell of byId(`typical-${action.code}`).querySelectorAll("td")) {
    typical.append(element("div", {}, ...[...cell.childNodes].map((node) => node.cloneNode(true))));
  }
  const note = (text) => element("p", { className: "note" }, text);
  panel.replaceChildren(
    element("h3", {}, swatch(action.code), data.names[action.code]), element("p", {}, action.facts),
    ...(action.profile.length ? [note("What sets it apart, higher (+) or lower (−) than usual:"), features] : []),
    note("Typical frames:"), typical,
  );
}

for (const button of legend) button.addEventListener("click", () => choose(+button.dataset.code));
byId("sort").addEventListener("change", (event) => { state.sort = event.target.value; plot.scrollTop = 0; layout(); });
byId("filter").addEventListener("input", (event) => { state.text = event.target.value; plot.scrollTop = 0; layout(); });
byId("tall").addEventListener("change", (event) => { state.tall = event.target.checked; layout(); });
byId("doubt").addEventListener("change", draw);
byId("closer").addEventListener("click", () => zoom(0.5));
byId("wider").addEventListener("click", () => zoom(2));
byId("whole").addEventListener("click", () => setRange(0, longest));

for (const link of document.querySelectorAll("a[data-show]")) {
  link.addEventListener("click", () => {
    const index = +link.dataset.show;
    byId("filter").value = state.text = "";
    if (cycles.length && recordings !== cycles) {
      byId("unit").value = "cycles";
      show(cycles);
    }
    state.open.add(index);
    layout();
    const row = state.rows.find((row) => row.index === index);
    plot.scrollTop = row.top - AXIS - 40;
  });
}

if (cycles.length) byId("unit").addEventListener("change", (event) => show(event.target.value === "cycles" ? cycles : data.recordings));

// ---- names that people write, kept in the browser

const KEPT = `names of ${document.title} ${location.pathname}`;
const written = {}, given = { ...data.names };
const told = [...document.querySelectorAll(".unsaid")].map((place) => [place, place.textContent]);

// The same sentence with the names that are written, each as a whole word.
function retold(text) {
  const codes = Object.keys(written).sort((a, b) => given[b].length - given[a].length);
  const quoted = codes.map((code) => given[code].replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const any = new RegExp(`(?<![\\p{L}\\p{N}])(${quoted.join("|")})(?![\\p{L}\\p{N}])`, "gu");
  return text.replace(any, (own) => written[codes.find((code) => given[code] === own)]);
}

function rename(code, text) {
  written[code] = data.names[code] = text;
  for (const [place, sentence] of told) place.textContent = retold(sentence);
  for (const place of document.querySelectorAll(`[data-name="${code}"]`)) {
    if (place.textContent !== text) place.textContent = text;
  }
  const lines = Object.keys(written).flatMap((own) => data.numbers[own].map((number) => `${number} ${written[own]}`));
  byId("lines").textContent = lines.join("\n");
  byId("naming").hidden = false;
  if (+code === state.action) showAction(actions.find((action) => action.code === state.action));
  draw();
}

function keepNames() {
  try { localStorage.setItem(KEPT, JSON.stringify(written)); } catch { /* where it may not */ }
}

for (const field of document.querySelectorAll(".field")) {
  const code = field.dataset.name;
  field.contentEditable = "plaintext-only";
  field.setAttribute("role", "textbox");
  field.setAttribute("aria-label", `Name of ${field.textContent}`);
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); field.blur(); } });
  field.addEventListener("blur", () => {
    const text = field.textContent.trim().replace(/\s+/g, " ");
    if (!text || text === data.names[code]) { field.textContent = data.names[code]; return; }
    rename(code, text);
    keepNames();
  });
}
try {
  const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  for (const [code, text] of Object.entries(kept)) if (code in data.numbers) rename(code, text);
} catch { /* where it may not */ }
byId("copy").addEventListener("click", () => navigator.clipboard.writeText(byId("lines").textContent));

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); draw(); });
new ResizeObserver(() => requestAnimationFrame(layout)).observe(plot);
readColours();
if (cycles.length) show(cycles); else layout();
