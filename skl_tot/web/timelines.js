// Timelines of recordings: a canvas in a box that scrolls, drawn as far as it is seen.
// Libraries for plots would add 1 to 5 MB, and none has rows of segments for hundreds of
// recordings that open, sort, filter and can be corrected.
//
// new Timelines(host, data, options): host becomes the box that scrolls (give it a width
// and a max-height, inside an element of class "themed").
//
// data    rows    [{name, end, prediction: {start, code, confidence}, doubt, confidence,
//                  deviation}, …] as web/rows.py makes them; may have truth: {start, code}
//                  (a lower bar), where (what the tip says in place of the name), checked,
//                  changed (marks in the gutter), hand: [0 or 1 of each segment]
//         names   {code: name}; labels {code: name} of the lower bar (default: names)
//         looks   {code: {fill, ink, hatch}} of the codes from 0; -1 is background
//         fps     null: times are frames; digits: decimals of times in seconds
//         unsure  confidence below which the tip says so; lower: what the lower bar is
// options label     text for screen readers, before the keys
//         large     rows are tall, have their names in the bars and their doubt
//         editable  boundaries can be dragged, or moved by keys: b takes the one before the
//                   segment of the cursor, b again the one after it, arrows move it by a
//                   frame, with Shift by ten, Enter leaves it there, Escape puts it back
//         onMove(index, from, to)            a boundary was moved, in times; the preview stays
//                                            until the row is updated, or the promise ends
//         onChoose(index, segment, time)     click or Enter (without it, rows open)
//         onSeek(index, time)                click, drag on the axis, walk by keys
//         onRange(from, to)                  what is seen has changed
//         onShown(n, of)                     rows that the filter leaves
//
// fields  data, view {from, to, sort, text, action, tall, doubt} (read only),
//         cursor: null or {index, bar (1: lower), segment}
// methods show(rows, to)      other rows, seen from 0 to `to` (default: the longest)
//         update(index, row)  one row is another; set(data) replaces other parts of data
//         sort(key)           given, name, duration, deviation, confidence (least sure
//                             first, also called doubt) or checked (unchecked first)
//         filter(text), focusAction(code or null), look({tall, doubt})
//         setRange(from, to), zoom(factor, about), pan(by), whole()
//         cursorAt(index, time), open(index): that row opens and is scrolled to
//         playhead(time)      line at a time, null for none; what is seen follows it
//         layout(), draw(), destroy()
//         at(time), span(start, end): in words; swatch(code): its mark, an element

export const BREAK = -2;  // code of a time of which there are no frames
const AXIS = 26, TALL = 26, NAMED = 14, MANY = 80, THIN = 2, OPEN = 92, LARGE = 104, ROOM = 640;
const EDGE = "rgba(0, 0, 0, 0.3)", DOUBT = "rgba(0, 0, 0, 0.6)";
const NEAR = { mouse: 5, touch: 14 };  // pixels from which a boundary is taken

// ---- numbers

export const between = (low, value, high) => Math.max(low, Math.min(value, high));
export const longestOf = (rows) => rows.reduce((most, row) => Math.max(most, row.end), 0);

const STEPS_OF_TIME = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

export function niceStep(least, fps) {
  const step = fps && STEPS_OF_TIME.find((step) => step >= least);
  if (step) return step;
  const power = 10 ** Math.floor(Math.log10(least));
  return Math.max(fps ? 0 : 1, power * [1, 2, 5, 10].find((x) => x * power >= least * 0.999));
}

export function segmentAt(starts, value) {
  let low = 0, high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= value) low = middle; else high = middle;
  }
  return low;
}

// Number of the segment that starts within reach of a value, -1 if there is none that moves.
export function boundaryAt({ start, code }, value, reach) {
  const before = segmentAt(start, value), next = start[before + 1] - value;
  const i = next < value - start[before] ? before + 1 : before;
  return Math.abs(start[i] - value) <= reach && isBoundary(code, i) ? i : -1;
}

const isBoundary = (code, i) => i > 0 && i < code.length && code[i] !== BREAK && code[i - 1] !== BREAK;

// Where a boundary may be: on frames, so that one is left on both sides.
export function placed({ start }, end, i, value, fps) {
  const rate = fps ?? 1, frame = 1 / rate;
  return between(start[i - 1] + frame, Math.round(value * rate) / rate, (start[i + 1] ?? end) - frame);
}

const collator = new Intl.Collator("en", { numeric: true });
const ORDERS = {
  given: () => 0,
  name: (a, b) => collator.compare(a.name, b.name),
  duration: (a, b) => b.end - a.end,
  deviation: (a, b) => b.deviation - a.deviation,
  confidence: (a, b) => a.confidence - b.confidence,
  checked: (a, b) => !!a.checked - !!b.checked || a.confidence - b.confidence,
};
ORDERS.doubt = ORDERS.confidence;

// Numbers of the rows that have a text in their name, in an order.
export function arranged(rows, key, text = "") {
  const wanted = text.trim().toLowerCase();
  return [...rows.keys()]
    .filter((i) => rows[i].name.toLowerCase().includes(wanted))
    .sort((a, b) => ORDERS[key](rows[a], rows[b]) || a - b);
}

// ---- elements

export function element(tag, attributes = {}, ...content) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...content);
  return made;
}

// Hatches as paths in a tile of 8 by 8.
const HATCHES = ["", "M0 8L8 0", "M3 4h2", "M0 8L8 0M0 0L8 8", "M0 4h8", "M4 0v8"];

function hatched({ fill, ink, hatch }) {
  const tile = element("canvas", { width: 8, height: 8 }), pen = tile.getContext("2d");
  Object.assign(pen, { fillStyle: fill, strokeStyle: ink, lineWidth: hatch === 2 ? 2 : 1 });
  pen.fillRect(0, 0, 8, 8);
  pen.stroke(new Path2D(HATCHES[hatch]));
  return pen.createPattern(tile, "repeat");
}

const KEYS = "Arrow keys go from segment to segment, plus and minus zoom";
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export class Timelines {
  constructor(host, data, options = {}) {
    Object.assign(this, { host, options, lines: [], opened: new Set(), gutter: 0, cursor: null });
    Object.assign(this, { drag: null, edit: null, near: null, head: null, width: 0, waiting: 0, isStale: false, inks: new WeakMap() });
    this.data = { lower: "ground truth", unsure: 0, digits: 2, ...data };
    this.view = { from: 0, to: 0, sort: "given", text: "", action: null, tall: false, doubt: !!options.large };
    this.canvas = element("canvas");
    this.pen = this.canvas.getContext("2d");
    this.strip = element("canvas");  // of bars, a pixel high each
    this.paper = element("div", {}, this.canvas);
    this.tip = element("div", { className: "tip", hidden: true });
    this.tip.setAttribute("role", "tooltip");
    this.said = element("div", { className: "said" });
    this.said.setAttribute("aria-live", "polite");
    const keys = `${KEYS}, Enter ${options.onChoose ? "chooses a segment" : "opens a recording"}`;
    host.tabIndex = 0;
    host.setAttribute("role", "application");
    host.setAttribute("aria-label", `${options.label ?? "Timelines"}. ${keys}${options.editable ? ", b takes a boundary, which arrow keys then move" : ""}.`);
    host.classList.add("timelines");
    host.replaceChildren(this.paper, this.tip, this.said);
    this.listen();
    this.show(data.rows);
  }

  // ---- words

  at(time) { return this.data.fps ? `${time.toFixed(this.data.digits)} s` : `frame ${time}`; }

  span(start, end) {
    if (!this.data.fps) return `frames ${start} – ${end - 1} (${end - start})`;
    const fixed = (value) => value.toFixed(this.data.digits);
    return `${fixed(start)} – ${fixed(end)} s (${fixed(end - start)} s)`;
  }

  tick(value) {
    if (!this.data.fps) return String(value);
    if (this.longest < 120) return `${+value.toFixed(3)} s`;
    const [whole, part] = (value % 60).toFixed(2).split(".");
    return `${Math.floor(value / 60)}:${whole.padStart(2, "0")}${part === "00" ? "" : `.${part}`}`;
  }

  swatch(code) {
    if (code < 0) return element("i", { className: "k cb" });
    const { fill, ink, hatch } = this.data.looks[code], made = element("i", { className: `k h${hatch}` });
    made.style.setProperty("--fill", fill);
    made.style.setProperty("--ink", ink);
    return made;
  }

  describe(index, isLower, segment) {
    const row = this.data.rows[index], bar = isLower ? row.truth : row.prediction, code = bar.code[segment];
    const names = isLower ? this.data.labels ?? this.data.names : this.data.names;
    const lines = [
      element("strong", {}, this.swatch(code), code === BREAK ? "break" : names[code]),
      element("span", { className: "span" }, this.span(bar.start[segment], bar.start[segment + 1] ?? row.end)),
    ];
    if (isLower) lines.push(this.data.lower);
    else if (code >= 0 && bar.confidence?.[segment] < this.data.unsure) lines.push("less sure than usual");
    lines.push(element("em", {}, row.where ?? row.name));
    return lines.map((line) => element("div", {}, line));
  }

  showTip(lines, x, y) {
    const { tip } = this;
    tip.replaceChildren(...lines);
    tip.hidden = false;
    Object.assign(tip.style, { left: "0px", top: "0px" });
    const box = tip.getBoundingClientRect();  // what holds it may be no window
    const left = between(4, x + 14, document.documentElement.clientWidth - box.width - 4);
    const isBelow = y + 18 + box.height < window.innerHeight;
    tip.style.left = `${left - box.left}px`;
    tip.style.top = `${Math.max(4, isBelow ? y + 18 : y - box.height - 12) - box.top}px`;
  }

  // ---- what is shown

  show(rows, to) {
    this.data.rows = rows;
    this.longest = longestOf(rows);
    Object.assign(this.view, { from: 0, to: Math.min(to ?? this.longest, this.longest) });
    Object.assign(this, { cursor: null, edit: null });
    this.opened.clear();
    this.host.scrollTop = 0;
    this.layout();
  }

  update(index, row) {
    const { cursor, data } = this, old = data.rows[index];
    if (this.edit?.index === index) this.edit = null;
    this.near = null;
    if (cursor?.index === index) {
      const { start } = cursor.bar ? old.truth : old.prediction, middle = (start[cursor.segment] + (start[cursor.segment + 1] ?? old.end)) / 2;
      this.cursor = { index, bar: 0, segment: segmentAt(row.prediction.start, middle) };
    }
    data.rows[index] = row;
    const isWhole = this.view.from === 0 && this.view.to === this.longest;
    this.longest = longestOf(this.data.rows);
    if (isWhole) this.view.to = this.longest;
    this.isStale = true;
    this.draw();
  }

  set(data) { Object.assign(this.data, data); this.draw(); }
  look(view) { Object.assign(this.view, view); this.layout(); }
  sort(sort) { this.host.scrollTop = 0; this.look({ sort }); }
  filter(text) { this.host.scrollTop = 0; this.look({ text }); }
  focusAction(action) { this.view.action = action; this.draw(); }

  open(index) {
    this.opened.add(index);
    this.layout();
    this.host.scrollTop = (this.lineOf(index)?.top ?? 0) - AXIS - 40;
  }

  toggle(index) {
    if (!this.opened.delete(index)) this.opened.add(index);
    this.layout();
  }

  setRange(from, to) {
    const least = this.data.fps ? 2 / this.data.fps : 2;
    const width = between(Math.min(least, this.longest), to - from, this.longest);
    this.view.from = between(0, from, this.longest - width);
    this.view.to = this.view.from + width;
    this.tip.hidden = true;
    this.draw();
  }

  // By a share of what is seen, about a value that stays where it is.
  zoom(factor, about = (this.view.from + this.view.to) / 2) {
    const { from, to } = this.view;
    this.setRange(about - (about - from) * factor, about + (to - about) * factor);
  }

  pan(by) { this.setRange(this.view.from + by, this.view.to + by); }
  whole() { this.setRange(0, this.longest); }

  playhead(time) {
    const { from, to } = this.view;
    this.head = time;
    if (time !== null && !this.drag && (time < from || time > to)) this.pan(time - from - (to - from) / 10);
    this.draw();
  }

  layout() {
    const { data, view, host, paper } = this, kept = arranged(data.rows, view.sort, view.text);
    const least = kept.length > MANY ? THIN : NAMED, isLarge = this.options.large;
    const height = isLarge ? LARGE : view.tall ? TALL : between(least, Math.floor(ROOM / Math.max(kept.length, 1)), TALL);
    let top = AXIS;
    this.lines = kept.map((index) => {
      const isOpen = this.opened.has(index), line = { index, top, isOpen, height: isOpen ? OPEN : height };
      top += line.height;
      return line;
    });
    this.isStale = false;
    this.hasMarks = data.rows.some((row) => row.checked !== undefined || row.changed !== undefined);
    this.gutter = isLarge ? 0 : height < NAMED ? 6 * this.hasMarks : this.gutterWidth(kept);
    paper.style.height = `${Math.max(top, AXIS + TALL)}px`;
    this.options.onShown?.(kept.length, data.rows.length);
    this.draw();
  }

  gutterWidth(indices) {
    this.setFont(12);
    const widths = indices.map((i) => this.pen.measureText(this.data.rows[i].name).width);
    return Math.ceil(Math.min(Math.max(0, ...widths) + 12 + 14 * this.hasMarks, this.host.clientWidth * 0.28, 200));
  }

  lineOf(index) { return this.lines.find((line) => line.index === index); }

  // Bars of a row: what is found and, below it, the ground truth.
  bars(line) {
    const row = this.data.rows[line.index], { large } = this.options;
    const gap = line.isOpen ? 4 : large ? 8 : line.height > 18 ? 3 : line.height >= 6 ? 1 : 0;
    const top = line.top + (line.isOpen ? 24 : gap), height = line.top + line.height - gap * (line.isOpen ? 2 : 1) - top;
    const isNamed = line.isOpen || large, both = { row, line, isNamed, top, height };
    const first = { ...both, ...row.prediction, hand: row.hand, names: this.data.names };
    if (this.edit?.index === line.index) first.start = Object.assign([...first.start], { [this.edit.segment]: this.edit.to });
    if (!row.truth || line.height < 8) return [first];
    first.height = height * 0.6;
    const names = this.data.labels ?? this.data.names;
    return [first, { ...both, ...row.truth, names, isLower: true, top: top + first.height, height: height - first.height }];
  }

  scale() { return (this.width - this.gutter) / (this.view.to - this.view.from); }
  toX(value) { return this.gutter + (value - this.view.from) * this.scale(); }
  toValue(x) { return this.view.from + (x - this.gutter) / this.scale(); }

  // What is at a point: x, the time, and if it is on a row its line, bar and segment.
  hit({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect(), x = clientX - box.left, y = clientY - box.top;
    const found = { x, time: this.toValue(x), isAxis: y < AXIS }, inside = y + this.host.scrollTop;
    if (found.isAxis) return found;
    found.line = this.lines.find((line) => inside >= line.top && inside < line.top + line.height);
    if (!found.line || x < this.gutter || found.time < 0 || found.time >= this.data.rows[found.line.index].end) return found;
    const all = this.bars(found.line);
    found.bar = all.length > 1 && inside >= all[1].top ? 1 : 0;
    if (all[found.bar].start.length) found.segment = segmentAt(all[found.bar].start, found.time);
    return found;
  }

  // ---- drawing

  setFont(size, weight = 400) { this.pen.font = `${weight} ${size}px system-ui, -apple-system, "Segoe UI", sans-serif`; }

  // What is worked out once of a look: the pattern of its hatch, and its colour as a pixel.
  inkOf(code) {
    const look = this.data.looks[code];
    if (!this.inks.has(look)) {
      const [r, g, b] = [1, 3, 5].map((place) => parseInt(look.fill.slice(place, place + 2), 16));
      this.inks.set(look, { pixel: b << 16 | g << 8 | r, pattern: look.hatch ? hatched(look) : null });
    }
    return this.inks.get(look);
  }

  alphaOf(code, isLower) { return this.view.action !== null && code !== this.view.action ? 0.13 : isLower ? 0.75 : 1; }

  draw() {
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      this.drawNow();
    });
  }

  drawNow() {
    if (this.isStale) this.layout();
    const { host, paper, canvas, pen, view } = this, ratio = window.devicePixelRatio || 1;
    const width = this.width = host.clientWidth, height = Math.min(host.clientHeight, paper.offsetHeight);
    if (width <= this.gutter || !height) return;  // not to be seen yet
    const style = getComputedStyle(host);
    this.colours = Object.fromEntries(["text", "soft", "line", "range", "paper"].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    canvas.style.height = `${height}px`;
    Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.textBaseline = "middle";
    this.drawAxis(width, height);
    this.clip(0, AXIS, width);
    const seen = host.scrollTop;
    pen.translate(0, -seen);
    const lines = this.lines.filter((line) => line.top + line.height > seen + AXIS && line.top < seen + height);
    this.drawRows(lines, width, ratio);
    this.drawCursor();
    this.drawBoundary();
    pen.restore();
    this.drawHead(height);
    if (this.drag?.kind === "range") {
      pen.fillStyle = this.colours.range;
      pen.fillRect(this.drag.x, AXIS, this.drag.now - this.drag.x, height);
    }
    if (!lines.length) {
      pen.fillStyle = this.colours.soft;
      pen.fillText("None has this in its name.", 8, AXIS + TALL / 2);
    }
    const { from, to, sort } = view;
    if (+host.dataset.from !== from || +host.dataset.to !== to) this.options.onRange?.(from, to);
    Object.assign(host.dataset, { from, to, left: this.gutter, sort, rows: this.lines.map((line) => line.index).join(" ") });
  }

  drawAxis(width, height) {
    const { pen, view, colours } = this, step = niceStep((view.to - view.from) * 90 / (width - this.gutter), this.data.fps);
    this.setFont(11);
    Object.assign(pen, { fillStyle: colours.soft, strokeStyle: colours.line });
    for (let i = Math.ceil(view.from / step), free = 0; i * step <= view.to; i += 1) {
      const x = Math.round(this.toX(i * step)) + 0.5, text = this.tick(i * step), size = pen.measureText(text).width;
      pen.stroke(new Path2D(`M${x} ${AXIS - 5}V${height}`));
      const left = between(0, x - size / 2, width - size - 2);
      if (left < free) continue;
      pen.fillText(text, left, AXIS / 2 - 2);
      free = left + size + 8;
    }
  }

  clip(left, top, width) {
    this.pen.save();
    this.pen.beginPath();
    this.pen.rect(left, top, width, 1e7);
    this.pen.clip();
  }

  drawRows(lines, width, ratio) {
    const { pen } = this, bars = lines.flatMap((line) => this.bars(line));
    for (const line of lines) this.drawName(line, width);
    this.clip(this.gutter, 0, width);
    this.drawStrips(bars, width, ratio);
    for (const bar of bars) {
      const named = bar.height > 4 ? this.drawDetails(bar, width) : [];
      if (!bar.isLower && bar.line.height >= NAMED) this.drawDoubt(bar);
      for (const own of named) this.writeIn(bar, ...own);
    }
    pen.restore();
  }

  // Colours are written pixel by pixel, a line of them a bar, as bars may have thousands
  // of segments; each line is then drawn as high as its bar.
  drawStrips(bars, width, ratio) {
    const { pen, strip, view } = this, columns = Math.round((width - this.gutter) * ratio), step = (view.to - view.from) / columns;
    if (!bars.length || columns < 1) return;
    const image = pen.createImageData(columns, bars.length), pixels = new Uint32Array(image.data.buffer);
    const known = [[], []], inkOf = (code, isLower) => Math.round(255 * this.alphaOf(code, isLower)) << 24 | this.inkOf(code).pixel;
    bars.forEach(({ start, code, row, isLower }, number) => {
      const last = start.length ? Math.min(columns, Math.round((row.end - view.from) / step)) : 0;
      let i = segmentAt(start, view.from) - 1, next = -1, ink = 0;
      for (let x = 0; x < last; x += 1) {
        const value = view.from + (x + 0.5) * step;
        if (value >= next) {
          do { i += 1; next = start[i + 1] ?? Infinity; } while (value >= next);
          ink = code[i] < 0 ? 0 : known[+!!isLower][code[i]] ??= inkOf(code[i], isLower);
        }
        pixels[number * columns + x] = ink;
      }
    });
    Object.assign(strip, { width: columns, height: bars.length });
    strip.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = false;
    bars.forEach(({ top, height, row }, number) => {
      pen.fillStyle = this.colours.line;  // seen where there is background
      pen.fillRect(this.toX(0), top + height / 2 - 0.5, row.end * this.scale(), 1);
      pen.drawImage(strip, 0, number, columns, 1, this.gutter, top, width - this.gutter, height);
    });
  }

  // Checked: a tick, of thin rows a block. Changed: a square, of thin rows half a block.
  drawMarks(row, line) {
    const { pen } = this, x = 5, y = line.isOpen ? line.top + 13 : line.top + line.height / 2;
    Object.assign(pen, { fillStyle: this.colours.text, strokeStyle: this.colours.text, lineWidth: 2 });
    if (line.height < NAMED) {
      if (row.checked || row.changed) pen.fillRect(0, line.top, row.checked ? 4 : 2, line.height);
    } else if (row.checked) pen.stroke(new Path2D(`M${x - 4} ${y}l3 3l6 -7`));
    else if (row.changed) pen.fillRect(x - 3, y - 3, 6, 6);
    pen.lineWidth = 1;
  }

  drawName(line, width) {
    const { pen, gutter } = this, row = this.data.rows[line.index], marks = 14 * this.hasMarks;
    if (line.isOpen || gutter && line.height >= NAMED) {
      this.setFont(line.isOpen || line.height > 18 ? 12 : 11, line.isOpen ? 600 : 400);
      pen.fillStyle = this.colours.text;
      const text = this.shorten(row.name, (line.isOpen ? width : gutter) - 10 - marks, 6);
      pen.fillText(text, marks, line.isOpen ? line.top + 13 : line.top + line.height / 2);
    }
    if (gutter && marks) this.drawMarks(row, line);
  }

  // Text that fits a width, with so many of its last letters.
  shorten(text, width, tail = 0) {
    const fits = (shown) => this.pen.measureText(shown).width <= width;
    if (fits(text)) return text;
    const end = `…${tail ? text.slice(-tail) : ""}`;
    let kept = text.length - tail;
    while (kept > 1 && !fits(text.slice(0, kept) + end)) kept -= 1;
    return text.slice(0, kept) + end;
  }

  // What segments have beside their colour, if they are wide enough; gives those to name.
  drawDetails(bar, width) {
    const { pen, view, colours } = this, { start, code, top, height } = bar, middle = top + height / 2 - 0.5, named = [];
    for (let i = segmentAt(start, view.from); i < start.length && start[i] < view.to; i += 1) {
      const left = Math.max(this.toX(start[i]), this.gutter - 9), size = Math.min(this.toX(start[i + 1] ?? bar.row.end), width + 9) - left;
      if (size < 3 || code[i] === -1) continue;
      if (code[i] === BREAK) {  // dotted
        pen.fillStyle = colours.paper;
        pen.fillRect(left, middle, size, 1);
        pen.fillStyle = colours.soft;
        for (let x = Math.ceil(left / 6) * 6; x < left + size; x += 6) pen.fillRect(x, middle, 2, 1);
        continue;
      }
      const { pattern } = this.inkOf(code[i]);
      pen.globalAlpha = this.alphaOf(code[i], bar.isLower);
      if (pattern) {
        pen.fillStyle = pattern;
        pen.fillRect(left, top, size, height);
      }
      pen.fillStyle = EDGE;  // pale colours are weak on white
      pen.fillRect(left, top + height - 1, size, 1);
      pen.fillStyle = colours.text;
      if (bar.hand?.[i]) pen.fillRect(left + 1, top - 2, size - 2, 2);
      if (bar.isNamed && pen.globalAlpha > 0.5 && size > 30) named.push([code[i], Math.max(left, this.gutter), size]);
    }
    pen.globalAlpha = 1;
    return named;
  }

  writeIn(bar, code, left, size) {
    const { pen } = this, name = bar.names[code], { fill, ink, hatch } = this.data.looks[code];
    this.setFont(12);
    const text = this.shorten(name, size - 10), y = bar.top + Math.min(bar.height / 2 + 0.5, 16);
    if (text.length < 3 && text !== name) return;
    pen.fillStyle = fill;
    if (hatch || this.view.doubt && !bar.isLower) pen.fillRect(left + 2, y - 8, pen.measureText(text).width + 6, 16);
    pen.fillStyle = ink;
    pen.fillText(text, left + 5, y);
  }

  // Dark from the foot of the bar, as high as the probability of other actions.
  drawDoubt(bar) {
    const { pen, view } = this, { doubt, end } = bar.row;
    if (view.action !== null || !view.doubt || !doubt) return;
    const part = end / doubt.length, foot = bar.top + bar.height;
    const first = Math.max(0, Math.floor(view.from / part)), last = Math.min(doubt.length, Math.ceil(view.to / part));
    let path = `M${this.toX(first * part)} ${foot}`;
    for (let i = first; i < last; i += 1) path += `V${foot - parseInt(doubt[i], 36) / 35 * bar.height}H${this.toX((i + 1) * part)}`;
    pen.fillStyle = DOUBT;
    pen.fill(new Path2D(`${path}V${foot}`));
  }

  drawCursor() {
    const { pen, cursor } = this, line = cursor && this.lineOf(cursor.index), bar = line && this.bars(line)[cursor.bar];
    if (!bar) return;
    const left = this.toX(bar.start[cursor.segment]);
    const right = this.toX(bar.start[cursor.segment + 1] ?? this.data.rows[cursor.index].end);
    for (const [ink, by] of [[this.colours.paper, 0], [this.colours.text, 1]]) {
      pen.lineWidth = 2;
      pen.strokeStyle = ink;
      pen.strokeRect(left - by, bar.top - by, Math.max(right - left, 2) + 2 * by, bar.height + 2 * by);
    }
    pen.lineWidth = 1;
  }

  // The boundary that is taken, or would be by a click: a line with two arrows.
  drawBoundary() {
    const at = this.edit ?? this.near, line = at && this.lineOf(at.index);
    if (!line) return;
    const { pen } = this, bar = this.bars(line)[0], x = this.toX(bar.start[at.segment]), y = bar.top + bar.height / 2;
    const arrows = `M${x - 4} ${y - 5}l-6 5l6 5zM${x + 4} ${y - 5}l6 5l-6 5z`;
    const path = new Path2D(`M${x - 1.5} ${bar.top - 3}h3v${bar.height + 6}h-3z${arrows}`);
    Object.assign(pen, { fillStyle: this.colours.text, strokeStyle: this.colours.paper });
    pen.stroke(path);
    pen.fill(path);
  }

  drawHead(height) {
    const { pen, head } = this, x = head === null ? -1 : this.toX(head);
    if (x < this.gutter) return;
    pen.fillStyle = this.colours.text;
    pen.fill(new Path2D(`M${x - 5} ${AXIS - 9}h10l-5 8z`));
    pen.fillRect(x - 0.75, AXIS - 9, 1.5, height);
  }

  // ---- boundaries that are moved

  take(index, segment) {
    const row = this.data.rows[index], from = row.prediction.start[segment];
    this.edit = { index, segment, from, to: from, row };
    this.tip.hidden = true;
    this.draw();
  }

  moveEdit(to) {
    const { edit } = this;
    edit.to = placed(edit.row.prediction, edit.row.end, edit.segment, to, this.data.fps);
    this.said.textContent = `boundary at ${this.at(edit.to)}`;
    this.draw();
  }

  async drop() {
    const { edit } = this;
    edit.isSent = true;  // from here on it is not moved any more
    try {
      if (edit.to !== edit.from) await this.options.onMove?.(edit.index, edit.from, edit.to);
    } finally {
      if (this.edit === edit) this.edit = null;
      this.draw();
    }
  }

  boundary(found, type) {
    if (!this.options.editable || this.edit || found.bar !== 0 || found.line.height < NAMED) return null;
    const { index } = found.line, reach = (NEAR[type] ?? NEAR.touch) / this.scale();
    const segment = boundaryAt(this.data.rows[index].prediction, found.time, reach);
    return segment < 0 ? null : { index, segment };
  }

  // ---- pointer

  listen() {
    const { canvas, host } = this, own = this.ends = new AbortController();
    const on = (target, type, does, options) => target.addEventListener(type, does, { signal: own.signal, ...options });
    on(host, "wheel", (event) => this.wheel(event), { passive: false });
    on(canvas, "pointerdown", (event) => this.down(event));
    on(canvas, "pointermove", (event) => this.move(event));
    on(canvas, "pointerup", (event) => this.up(event));
    on(canvas, "pointercancel", () => this.cancel());
    on(canvas, "pointerleave", (event) => { if (event.pointerType === "mouse") this.point(null, event); });
    on(canvas, "dblclick", () => this.whole());
    on(document, "pointerdown", (event) => { if (event.target !== canvas) this.tip.hidden = true; });
    on(document, "scroll", () => { this.tip.hidden = true; this.draw(); }, { capture: true });  // of the host, too
    on(host, "keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && this.press(event.key, event.shiftKey)) event.preventDefault();
    });
    on(host, "blur", () => {
      if (!this.options.onChoose) this.cursor = null;  // else it is what has been chosen
      this.tip.hidden = true;
      this.cancel();
    });
    on(window.matchMedia("(prefers-color-scheme: dark)"), "change", () => this.draw());
    this.sizes = new ResizeObserver(() => requestAnimationFrame(() => this.layout()));
    this.sizes.observe(host);
  }

  destroy() {
    this.ends.abort();
    this.sizes.disconnect();
    cancelAnimationFrame(this.waiting);
    this.host.replaceChildren();
  }

  cancel() {
    if (!this.edit?.isSent) this.edit = null;
    this.drag = null;
    this.draw();
  }

  wheel(event) {
    const { deltaX, deltaY } = event, isZoom = event.ctrlKey || event.metaKey || event.altKey;
    if (!isZoom && !event.shiftKey && Math.abs(deltaX) <= Math.abs(deltaY)) return;
    event.preventDefault();
    if (isZoom) this.zoom(Math.exp(between(-80, deltaY, 80) / 200), this.hit(event).time);
    else this.pan((deltaX || deltaY) / this.scale());
  }

  point(found, { clientX: x, clientY: y }) {
    const { line, bar, segment } = found ?? {}, near = found && line ? this.boundary(found, "mouse") : null;
    if (near || this.near) {
      this.near = near;
      this.draw();
    }
    this.canvas.style.cursor = near ? "ew-resize" : "";
    if (!line || near) this.tip.hidden = true;
    else if (segment === undefined) this.showTip([element("div", {}, element("em", {}, this.data.rows[line.index].name))], x, y);
    else this.showTip(this.describe(line.index, bar === 1, segment), x, y);
  }

  seek(found) {
    const line = found.line ?? this.lines[0];
    if (line) this.options.onSeek?.(line.index, between(0, found.time, this.data.rows[line.index].end));
  }

  down(event) {
    if (event.button) return;
    const found = this.hit(event), near = found.line && this.boundary(found, event.pointerType);
    const kind = near ? "edit" : found.isAxis && this.options.onSeek ? "seek" : "click";
    this.drag = { kind, x: found.x, now: found.x };
    if (near) this.take(near.index, near.segment);
    if (kind !== "click") this.canvas.setPointerCapture(event.pointerId);
    if (kind === "seek") this.seek(found);
  }

  move(event) {
    const { drag } = this, found = this.hit(event), { x } = found;
    if (!drag) { this.point(found, event); return; }
    this.tip.hidden = true;
    if (drag.kind === "seek") this.seek(found);
    else if (drag.kind === "edit") {
      if (this.edit && !this.edit.isSent) this.moveEdit(this.edit.from + (x - drag.x) / this.scale());
    } else if (drag.kind !== "click" || Math.abs(x - drag.x) >= 5) this.dragAlong(drag, x, event);
  }

  // A mouse takes a range, to be seen alone; a finger moves what is seen.
  dragAlong(drag, x, { pointerId, pointerType }) {
    if (drag.kind === "click") this.canvas.setPointerCapture(pointerId);
    drag.kind = pointerType === "mouse" ? "range" : "pan";
    if (drag.kind === "pan") this.pan((drag.now - x) / this.scale());
    drag.now = x;
    this.draw();
  }

  up(event) {
    const { kind, x, now } = this.drag ?? {};
    this.drag = null;
    if (kind === "edit" && this.edit && !this.edit.isSent) this.drop();
    if (kind === "range") this.setRange(...[this.toValue(x), this.toValue(now)].sort((a, b) => a - b));
    const found = this.hit(event), isMouse = event.pointerType === "mouse";
    if (kind !== "click" || !found.line) return;
    const { index } = found.line;
    if (this.options.onChoose) this.choose(found);
    else if (isMouse || !this.opened.has(index)) this.toggle(index);
    if (!isMouse) this.point(found, event);
  }

  choose({ line, bar, segment, time }) {
    this.cursor = segment === undefined ? null : { index: line.index, bar, segment };
    this.draw();
    this.seek({ line, time });
    this.options.onChoose(line.index, segment ?? null, time);
  }

  // ---- keyboard: from segment to segment

  cursorAt(index, time) {
    const number = this.lines.findIndex((line) => line.index === index);
    if (number >= 0) this.moveTo(number, 0, segmentAt(this.data.rows[index].prediction.start, time), false);
  }

  moveTo(number, bar, segment, isTold = true) {
    const { host } = this, line = this.lines[between(0, number, this.lines.length - 1)], at = this.bars(line)[bar];
    if (!at.start.length) return;
    const kept = between(0, segment, at.start.length - 1), end = this.data.rows[line.index].end;
    this.cursor = { index: line.index, bar, segment: kept };
    const middle = (at.start[kept] + (at.start[kept + 1] ?? end)) / 2;
    if (middle < this.view.from || middle > this.view.to) this.pan(middle - (this.view.from + this.view.to) / 2);
    if (line.top < host.scrollTop + AXIS) host.scrollTop = line.top - AXIS;
    if (line.top + line.height > host.scrollTop + host.clientHeight) host.scrollTop = line.top + line.height - host.clientHeight;
    this.draw();
    if (!isTold) return;
    this.options.onSeek?.(line.index, at.start[kept]);
    requestAnimationFrame(() => {  // after the events of scrolling
      const box = this.canvas.getBoundingClientRect(), lines = this.describe(line.index, bar === 1, kept);
      this.showTip(lines, box.left + this.toX(middle), box.top + at.top + at.height / 2 - host.scrollTop);
      this.said.textContent = lines.map((line) => line.textContent).join(", ");
    });
  }

  // Up and down go from bar to bar, also within a row.
  moveBar(number, cursor, step) {
    const bars = this.bars(this.lines[number]), start = bars[cursor.bar].start[cursor.segment];
    let bar = cursor.bar + step, next = number;
    if (bar < 0 || bar >= bars.length) {
      next = between(0, number + step, this.lines.length - 1);
      if (next === number) return;
      bar = step < 0 ? this.bars(this.lines[next]).length - 1 : 0;
    }
    this.moveTo(next, bar, segmentAt(this.bars(this.lines[next])[bar].start, start));
  }

  press(key, isShifted = false) {
    const { cursor, edit, lines } = this, number = cursor ? lines.findIndex((line) => line.index === cursor.index) : -1;
    if (edit && !edit.isSent) return this.pressEdit(key, isShifted);
    if (key in STEPS && !isShifted) {
      const [up, along] = STEPS[key];
      if (!lines.length) return true;
      if (number < 0 || cursor.bar >= this.bars(lines[number]).length) this.moveTo(Math.max(number, 0), 0, 0);
      else if (up) this.moveBar(number, cursor, up);
      else this.moveTo(number, cursor.bar, cursor.segment + along);
    } else if (key === "+" || key === "=") this.zoom(0.7, cursor ? this.bars(lines[Math.max(number, 0)])[0].start[cursor.segment] : undefined);
    else if (key === "-") this.zoom(1 / 0.7);
    else if (key === "0" || key === "Escape") this.whole();
    else if (key === "Enter" && number >= 0) this.enter(lines[number], cursor);
    else if (key === "b" && this.options.editable && number >= 0) this.takeNext(0);
    else return false;
    return true;
  }

  enter(line, { bar, segment }) {
    if (this.options.onChoose) this.choose({ line, bar, segment, time: this.bars(line)[bar].start[segment] });
    else this.toggle(line.index);
  }

  // The boundary before the segment of the cursor or, from that or if it is none, after it.
  takeNext(after) {
    const { index, bar, segment } = this.cursor, { code } = this.data.rows[index].prediction;
    const found = [segment + after, segment + 1 - after].find((i) => isBoundary(code, i));
    if (bar === 0 && found !== undefined) {
      this.take(index, found);
      this.said.textContent = `boundary at ${this.at(this.edit.to)} is taken`;
    }
  }

  pressEdit(key, isShifted) {
    const { edit } = this, along = STEPS[key]?.[1];
    if (along) this.moveEdit(edit.to + along * (isShifted ? 10 : 1) / (this.data.fps ?? 1));
    else if (key === "Enter") this.drop();
    else if (key === "b") this.takeNext(edit.segment === this.cursor?.segment ? 1 : 0);
    else if (key === "Escape") this.cancel();
    else return false;
    return true;
  }
}
