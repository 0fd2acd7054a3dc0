// Timelines of recordings: a canvas in a box that scrolls, drawn as far as it is seen.
// No library for plots has rows of segments for hundreds of recordings, to be corrected.
//
// new Timelines(host, data, options): host becomes the box that scrolls (give it a width
// and a max-height, inside an element of class "themed").
//
// data    rows    [{name, end, prediction: {start, code, confidence}, doubt: {start, end},
//                  confidence, deviation}, …] as web makes them; may have truth: {start,
//                  code} (a lower bar), where (what the tip says in place of the name),
//                  clock (date of time 0, "2024-03-04T06:51:08.200"), checked, changed
//                  (marks in the gutter), stretches: [[from, to], …] that are checked,
//                  hand: [0 or 1 of each segment], interval: [[low, high] of each start,
//                  or null]
//         names   {code: name}; labels {code: name} of the lower bar (default: names)
//         appearance  {code: {fill, ink, hatch}} of the codes from 0; -1 is background
//         fps     null: times are frames; digits: decimals of times in seconds
//         lower   what the lower bar is
// options label     text for screen readers (default: the keys)
//         large     rows are tall, have their names in the bars and their doubt
//         editable  boundaries can be dragged; Escape puts one back
//         onMove(index, from, to)            a boundary was moved, in times; the preview stays
//                                            until the row is updated, or the promise ends
//         onChoose(index, segment, time)     click or Enter (without it, rows open)
//         onSeek(index, time)                click, drag on the axis, walk by keys
//         onRange(from, to)                  what is seen has changed
//         onPick(from, to)                   drag with Shift; field picked: [from, to] or null
//         onShown(n, of)                     rows that the filter leaves
//
// fields  data, view {from, to, sort, text, action, tall, doubt} (read only),
//         cursor: null or {index, bar (1: lower), segment}
// methods show(rows, to)      other rows, seen from 0 to `to` (default: the longest); longer
//                             ones get a mark and their length there
//         put(rows)           other rows, seen as before
//         update(index, row)  one row is another; set(data) replaces other parts of data
//         sort(key)           given, name, duration, deviation, confidence (least sure
//                             first, also called doubt) or checked (unchecked first)
//         filter(text), focusAction(code or null), setView({tall, doubt})
//         setRange(from, to), zoom(factor, about), pan(by), whole()
//         cursorAt(index, time), open(index): that row opens and is scrolled to
//         playhead(time)      line at a time, null for none; what is seen follows it
//         layout(), draw()
//         at(time), span(start, end): in words; swatch(code): its mark, an element

export const BREAK = -2;  // code of a time of which there are no frames
export const UNLABELLED = -3;  // code of frames without a label
const AXIS = 26, TALL = 26, NAMED = 14, OPEN = 92, LARGE = 104, ROOM = 640;
const EDGE = "rgba(0, 0, 0, 0.3)";
const NEAR = { mouse: 5, touch: 14 };  // pixels from which a boundary is taken
const DOUBTFUL = 0.5;  // mean confidence of a segment below which the tip says so
const SHORT = 10;  // pixels of a segment that a click beside it chooses, too
const GESTURE = 5;  // pixels from which a press is a drag

// ---- times and numbers

const LONG = 120;  // seconds, from which times have minutes

const TWO = (value) => String(value).padStart(2, "0");

// Seconds in words; of a long recording as minutes and seconds, as on its axis.
export function timeText(time, digits, end = time) {
  if (end < LONG) return `${time.toFixed(digits)} s`;
  const units = 10 ** digits, all = Math.round(time * units), minutes = Math.floor(all / units / 60);
  const seconds = ((all - minutes * 60 * units) / units).toFixed(digits), padded = seconds.padStart(digits ? digits + 3 : 2, "0");
  return minutes < 60 ? `${minutes}:${padded}` : `${Math.floor(minutes / 60)}:${TWO(minutes % 60)}:${padded}`;
}

// The time of day of a date and time in text.
export const timeOfDay = (clock, digits) => clock.slice(11, digits ? 20 + Math.min(digits, 3) : 19);

export const between = (low, value, high) => Math.max(low, Math.min(value, high));
const longestOf = (rows) => rows.reduce((most, row) => Math.max(most, row.end), 0);

const SECONDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const STEPS_OF_TIME = [...SECONDS, 60, 120, 300, 600, 900, 1800, 3600];

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

// A part of a row, from one time to another, as a row without breaks; origin: the times of
// its segments in the whole row.
export function partOf(row, from, to) {
  const { prediction, doubt, hand, truth } = row, pauses = [], at = (time) => between(from, time, to);
  const passed = (time) => pauses.reduce((sum, [start, end]) => sum - between(0, at(time) - start, end - start), at(time) - from);
  for (let i = segmentAt(prediction.start, from); prediction.start[i] < to; i += 1) {
    if (prediction.code[i] === BREAK) pauses.push([Math.max(from, prediction.start[i]), prediction.start[i + 1]]);
  }
  const end = passed(to), origin = [], own = [];
  const cut = ({ start, code, confidence }, isFirst) => {
    const made = { start: [], code: [] };
    if (confidence) made.confidence = [];
    for (let i = segmentAt(start, from); start[i] < to; i += 1) {
      if (code[i] === BREAK) continue;
      made.start.push(passed(start[i]));
      made.code.push(code[i]);
      made.confidence?.push(confidence[i]);
      if (isFirst) { origin.push(at(start[i])); own.push(hand?.[i]); }
    }
    return made;
  };
  const part = { end, prediction: cut(prediction, true), doubt: { start: [], end: [] } };
  for (let i = segmentAt(doubt.start, from); doubt.start[i] < to; i += 1) {
    if (doubt.end[i] <= from) continue;
    part.doubt.start.push(passed(doubt.start[i]));
    part.doubt.end.push(passed(doubt.end[i]));
  }
  const { start, confidence } = part.prediction;
  part.confidence = confidence.reduce((sum, mean, k) => sum + mean * ((start[k + 1] ?? end) - start[k]), 0) / end;
  if (truth) part.truth = cut(truth);
  return { ...part, origin, hand: own };
}

const isBoundary = (code, i) => i > 0 && i < code.length && code[i] !== BREAK && code[i - 1] !== BREAK;

const endOf = ({ start, row }, i) => start[i + 1] ?? row.end;
const middleOf = (bar, i) => (bar.start[i] + endOf(bar, i)) / 2;

// Where a boundary may be: on frames, so that one is left on both sides.
export function placed({ start }, end, i, value, fps) {
  const rate = fps ?? 1, frame = 1 / rate;
  return between(start[i - 1] + frame, Math.round(value * rate) / rate, (start[i + 1] ?? end) - frame);
}

export const collator = new Intl.Collator("en", { numeric: true });
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

// Marks of rows, which a page explains.
export const MARKS = { checked: "✓", some: "◐", changed: "■" };
const markOf = ({ checked, stretches, changed }) => (checked ? MARKS.checked : changed ? MARKS.changed : stretches?.length ? MARKS.some : "");

const KEYS = "Timelines. Arrow keys go from segment to segment, plus and minus zoom, Enter opens a recording";
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const FONT = 'px system-ui, -apple-system, "Segoe UI", sans-serif';
const COLOURS = ["text", "soft", "line", "range", "paper", "doubt", "focus"];

export class Timelines {
  constructor(host, data, options = {}) {
    Object.assign(this, { host, options, lines: [], opened: new Set(), inks: new WeakMap() });
    Object.assign(this, { gutter: 0, width: 0, waiting: 0, isStale: false });
    Object.assign(this, { cursor: null, drag: null, edit: null, near: null, head: null, picked: null });
    this.data = { lower: "ground truth", digits: 2, ...data };
    this.view = { from: 0, to: 0, sort: "given", text: "", action: null, tall: false };
    this.view.doubt = !!options.large;
    this.canvas = element("canvas");
    this.pen = this.canvas.getContext("2d");
    this.strip = element("canvas");  // of bars, a pixel high each
    this.paper = element("div", {}, this.canvas);
    this.tip = element("div", { className: "tip", hidden: true, role: "tooltip" });
    this.said = element("div", { className: "said", ariaLive: "polite" });
    host.classList.add("timelines");
    Object.assign(host, { tabIndex: 0, role: "application", ariaLabel: `${options.label ?? KEYS}.` });
    host.replaceChildren(this.paper, this.tip, this.said);
    this.listen();
    this.show(data.rows);
  }

  // ---- words

  at(time) { return this.data.fps ? timeText(time, this.data.digits, this.longest) : `frame ${time}`; }

  // Date and wall-clock time, rounded, in a row that has a clock: those of its time 0.
  clockOf({ clock }, time, digits = 3) {
    const unit = 10 ** Math.max(0, 3 - digits), all = Date.parse(`${clock}Z`) + Math.round(1000 * time);
    return clock && new Date(Math.round(all / unit) * unit).toISOString().slice(0, -1);
  }

  span(start, end) {
    const { fps, digits } = this.data;
    if (!fps) return `frames ${start} – ${end - 1} (${end - start})`;
    return `${this.fromTo(start, end)} (${timeText(end - start, digits)})`;
  }

  fromTo(start, end) {
    const [from, to] = [start, end].map((time) => this.at(time));
    return `${from.replace(/ s$/, "")} – ${to}`;
  }

  // Date and times of day, in a row that has a clock.
  clockSpan(row, start, end) {
    const { digits } = this.data, [from, to] = [start, end].map((time) => this.clockOf(row, time, digits));
    return from ? `${from.slice(0, 10)} ${timeOfDay(from, digits)} – ${timeOfDay(to, digits)}` : "";
  }

  tick(value) {
    if (!this.data.fps) return String(value);
    if (this.longest < LONG) return `${+value.toFixed(3)} s`;
    return timeText(value, 2, LONG).replace(/\.00$/, "");
  }

  swatch(code) {
    if (code < 0) return element("i", { className: "k cb" });
    const { fill, ink, hatch } = this.data.appearance[code];
    const made = element("i", { className: `k h${hatch}` });
    made.style.setProperty("--fill", fill);
    made.style.setProperty("--ink", ink);
    return made;
  }

  describe(bar, segment) {
    const { row, isLower, names } = bar, code = bar.code[segment];
    const isDoubtful = code >= 0 && bar.confidence?.[segment] < DOUBTFUL;
    const note = isLower ? this.data.lower : isDoubtful ? "in doubt" : "";
    const lines = [
      element("strong", {}, this.swatch(code), code === BREAK ? "break" : names[code]),
      element("span", { className: "span" }, this.span(bar.start[segment], endOf(bar, segment))),
      ...(row.clock ? [`from ${this.clockOf(row, bar.start[segment]).replace("T", " ")}`] : []),
      ...(note ? [note] : []),
      element("em", {}, row.where ?? row.name),
    ];
    return lines.map((line) => element("div", {}, line));
  }

  describeBoundary(index, segment) {
    const { prediction, interval } = this.data.rows[index], [low, high] = interval[segment].map((time) => this.at(time));
    const lines = [`boundary at ${this.at(prediction.start[segment])}`, `with 90 % from ${low} to ${high}, as the model estimates itself`];
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
    this.reach = Math.min(to ?? this.longest, this.longest);
    Object.assign(this.view, { from: 0, to: this.reach });
    Object.assign(this, { cursor: null, edit: null });
    this.opened.clear();
    this.host.scrollTop = 0;
    this.layout();
  }

  put(rows) {
    const isWhole = this.view.from === 0 && this.view.to === this.longest;
    this.data.rows = rows;
    this.longest = longestOf(rows);
    this.reach = Math.min(this.reach, this.longest);
    if (isWhole || this.view.to > this.longest) this.view.to = this.longest;
    if (this.view.from >= this.view.to) this.view.from = 0;
    Object.assign(this, { cursor: rows[this.cursor?.index] ? this.cursor : null, edit: null, near: null });
    this.tip.hidden = true;
    this.layout();
  }

  update(index, row) {
    const { cursor, data, view } = this, old = data.rows[index];
    this.near = null;
    if (this.edit?.index === index) this.edit = null;
    this.tip.hidden = true;  // which may tell of what was
    if (cursor?.index === index) {
      const { start } = cursor.bar ? old.truth : old.prediction;
      const time = middleOf({ start, row: old }, cursor.segment);
      this.cursor = { index, bar: 0, segment: segmentAt(row.prediction.start, time) };
    }
    data.rows[index] = row;
    const isWhole = view.from === 0 && view.to === this.longest;
    this.longest = longestOf(data.rows);
    if (isWhole) view.to = this.longest;
    this.isStale = true;
    this.draw();
  }

  set(data) { Object.assign(this.data, data); this.draw(); }
  setView(view) { Object.assign(this.view, view); this.layout(); }
  sort(sort) { this.host.scrollTop = 0; this.setView({ sort }); }
  filter(text) { this.host.scrollTop = 0; this.setView({ text }); }
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
    this.arrange();
    this.draw();
  }

  arrange() {
    const { data, view, options } = this, kept = arranged(data.rows, view.sort, view.text);
    const usual = between(NAMED, Math.floor(ROOM / (kept.length || 1)), TALL);  // names are read, so that many rows scroll
    const height = options.large ? LARGE : view.tall ? TALL : usual;
    let top = AXIS;
    this.lines = kept.map((index) => {
      const isOpen = this.opened.has(index), line = { index, top, isOpen, height: isOpen ? OPEN : height };
      top += line.height;
      return line;
    });
    this.isStale = false;
    this.hasMarks = data.rows.some((row) => row.checked !== undefined || row.changed !== undefined);
    this.gutter = options.large ? 0 : this.gutterWidth(kept);
    this.paper.style.height = `${Math.max(top, AXIS + TALL)}px`;
    options.onShown?.(kept.length, data.rows.length);
  }

  gutterWidth(indices) {
    this.setFont(12);
    const widths = indices.map((i) => this.pen.measureText(this.data.rows[i].name).width);
    const widest = Math.max(0, ...widths) + 12 + 14 * this.hasMarks;
    return Math.ceil(Math.min(widest, this.host.clientWidth * 0.28, 200));
  }

  lineOf(index) { return this.lines.find((line) => line.index === index); }

  // Bars of a row: what is found and, below it, the ground truth.
  bars(line) {
    const { edit, options: { large } } = this, { isOpen } = line, row = this.data.rows[line.index];
    const gap = large ? 10 : line.height > 18 ? 3 : 1;
    const [above, below] = isOpen ? [24, 8] : [gap, gap];
    const top = line.top + above, height = line.height - above - below;
    const both = { row, line, isNamed: isOpen || large, isLower: false, names: this.data.names, top, height };
    const first = { ...both, ...row.prediction, hand: row.hand };
    if (edit?.index === line.index) first.start = first.start.with(edit.segment, edit.to);
    if (!row.truth) return [first];
    first.height = height * 0.6;
    const place = { isLower: true, top: top + first.height, height: height - first.height };
    return [first, { ...both, ...row.truth, names: this.data.labels ?? this.data.names, ...place }];
  }

  // The bar that a cursor, or a boundary, is in, if it is shown.
  barOf(place) {
    const line = place && this.lineOf(place.index);
    return line && this.bars(line)[place.bar ?? 0];
  }

  scale() { return (this.width - this.gutter) / (this.view.to - this.view.from); }
  toX(value) { return this.gutter + (value - this.view.from) * this.scale(); }
  toValue(x) { return this.view.from + (x - this.gutter) / this.scale(); }

  // What is at a point: x, the time, and if it is on a row its line, bar and segment.
  hit({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect(), x = clientX - box.left, y = clientY - box.top;
    const time = this.toValue(x), inside = y + this.host.scrollTop;
    if (y < AXIS) return { x, time, isAxis: true };
    const line = this.lines.find((own) => inside >= own.top && inside < own.top + own.height);
    const isIn = line && x >= this.gutter && time >= 0 && time < this.data.rows[line.index].end;
    if (!isIn) return { x, time, line };
    const bar = this.bars(line).findLast((own) => !own.isLower || inside >= own.top);
    return { x, time, line, bar, segment: bar.start.length ? this.pickAt(bar, time) : undefined };
  }

  // The segment at a time, or beside it a shorter one that would be hard to meet.
  pickAt(bar, time) {
    const scale = this.scale(), at = segmentAt(bar.start, time), size = (i) => (endOf(bar, i) - bar.start[i]) * scale;
    const isMet = (i) => i in bar.start && bar.code[i] !== BREAK && size(i) < Math.min(SHORT, size(at)) && Math.abs(middleOf(bar, i) - time) * scale <= SHORT / 2;
    return [at - 1, at + 1].find(isMet) ?? at;
  }

  // ---- drawing

  fill(ink, left, top, width, height) {
    this.pen.fillStyle = ink;
    this.pen.fillRect(left, top, width, height);
  }

  setFont(size, weight = 400) { this.pen.font = `${weight} ${size}${FONT}`; }

  // What is worked out once of a style: the pattern of its hatch, and its colour as a pixel.
  inkOf(code) {
    const style = this.data.appearance[code];
    if (!this.inks.has(style)) {
      const [r, g, b] = [1, 3, 5].map((place) => parseInt(style.fill.slice(place, place + 2), 16));
      this.inks.set(style, { pixel: b << 16 | g << 8 | r, pattern: style.hatch ? hatched(style) : null });
    }
    return this.inks.get(style);
  }

  alphaOf(code, isLower) {
    const { action } = this.view;
    return action !== null && code !== action ? 0.13 : isLower ? 0.75 : 1;
  }

  draw() {
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      this.drawNow();
    });
  }

  // The size of the picture, which clears it, and colours, which follow those of the page.
  prepare(width, height, ratio) {
    const { canvas, pen } = this, style = getComputedStyle(this.host);
    const colours = COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
    this.colours = Object.fromEntries(colours);
    canvas.style.height = `${height}px`;
    Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.textBaseline = "middle";
  }

  drawNow() {
    if (this.isStale) this.arrange();
    const { host, pen, drag } = this, ratio = window.devicePixelRatio || 1, seen = host.scrollTop;
    const width = this.width = host.clientWidth;
    const height = Math.min(host.clientHeight, this.paper.offsetHeight);
    if (width <= this.gutter || !height) return;  // not to be seen yet
    this.prepare(width, height, ratio);
    this.drawAxis(width, height);
    this.clip(0, AXIS, width);
    pen.translate(0, -seen);
    const isSeen = (line) => line.top + line.height > seen + AXIS && line.top < seen + height;
    const lines = this.lines.filter(isSeen);
    this.drawRows(lines, width, ratio);
    this.drawCursor();
    this.drawBoundary();
    pen.restore();
    this.drawPicked(height);
    this.drawHead(height);
    if (["range", "pick"].includes(drag?.kind)) this.fill(this.colours.range, drag.x, AXIS, drag.now - drag.x, height);
    if (this.view.text && !lines.length) {
      pen.fillStyle = this.colours.soft;
      pen.fillText("None has this in its name.", 8, AXIS + TALL / 2);
    }
    this.tell();
  }

  tell() {
    const { dataset } = this.host, { from, to, sort } = this.view;
    if (+dataset.from !== from || +dataset.to !== to) this.options.onRange?.(from, to);
    const rows = this.lines.map((line) => line.index).join(" ");
    Object.assign(dataset, { from, to, left: this.gutter, sort, rows });
  }

  drawAxis(width, height) {
    const { pen, view, colours } = this, least = 90 / this.scale(), step = niceStep(least, this.data.fps);
    const row = this.options.large && this.data.rows[0], isDay = !!row?.clock;
    const zero = isDay ? Date.parse(`${row.clock}Z`) / 1000 % step : 0;  // so that ticks are at whole times of day
    this.setFont(11);
    Object.assign(pen, { fillStyle: colours.soft, strokeStyle: colours.line });
    for (let i = Math.ceil((view.from + zero) / step), free = 0; i * step - zero <= view.to; i += 1) {
      const time = i * step - zero, x = Math.round(this.toX(time)) + 0.5;
      const text = isDay ? timeOfDay(this.clockOf(row, time, step < 1 ? 2 : 0), step < 1 ? 2 : 0) : this.tick(time);
      pen.stroke(new Path2D(`M${x} ${AXIS - 5}V${height}`));
      const size = pen.measureText(text).width, left = between(0, x - size / 2, width - size - 2);
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
      const named = this.drawDetails(bar, width);
      if (!bar.isLower) this.drawDoubt(bar);
      if (this.options.large) this.drawChecked(bar);
      for (const own of named) this.writeIn(bar, ...own);
    }
    const isWhole = this.view.from === 0 && this.view.to === this.reach;
    if (isWhole && this.reach < this.longest) this.markLong(lines, width);
    pen.restore();
  }

  // A triangle at the right edge of rows that go on, and their length, where there is room.
  markLong(lines, width) {
    const { pen, view, colours } = this;
    this.setFont(11);
    for (let i = 0, free = 0; i < lines.length; i += 1) {
      const { top, height, index } = lines[i], { end } = this.data.rows[index], y = top + height / 2;
      if (end <= view.to || y < free) continue;
      const text = this.tick(end > 10 ? Math.round(end) : end), size = pen.measureText(text).width + 18;
      this.fill(colours.paper, width - size, y - 7, size, 14);
      pen.fillStyle = colours.text;
      pen.fillText(text, width - size + 4, y);
      pen.fill(new Path2D(`M${width - 10} ${y - 5}l8 5l-8 5z`));
      free = y + 14;
    }
  }

  // Colours are written pixel by pixel, a line of them a bar, as bars may have thousands
  // of segments; each line is then drawn as high as its bar.
  drawStrips(bars, width, ratio) {
    const { pen, strip } = this, columns = Math.round((width - this.gutter) * ratio);
    if (!bars.length || columns < 1) return;
    const image = pen.createImageData(columns, bars.length), pixels = new Uint32Array(image.data.buffer);
    bars.forEach((bar, i) => this.paint(bar, pixels.subarray(i * columns, (i + 1) * columns)));
    Object.assign(strip, { width: columns, height: bars.length });
    strip.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = false;
    bars.forEach(({ top, height, row }, number) => {
      const middle = top + height / 2 - 0.5;  // of a line that is seen where there is background
      this.fill(this.colours.line, this.toX(0), middle, row.end * this.scale(), 1);
      pen.drawImage(strip, 0, number, columns, 1, this.gutter, top, width - this.gutter, height);
    });
  }

  paint({ start, code, row, isLower }, pixels) {
    const { from, to } = this.view, step = (to - from) / pixels.length, known = [];
    const inkOf = (own) => Math.round(255 * this.alphaOf(own, isLower)) << 24 | this.inkOf(own).pixel;
    const last = start.length ? Math.min(pixels.length, Math.round((row.end - from) / step)) : 0;
    let i = segmentAt(start, from) - 1, next = -1, ink = 0;
    for (let x = 0; x < last; x += 1) {
      const value = from + (x + 0.5) * step;
      if (value >= next) {
        do { i += 1; next = start[i + 1] ?? Infinity; } while (value >= next);
        ink = code[i] < 0 ? 0 : known[code[i]] ??= inkOf(code[i]);
      }
      pixels[x] = ink;
    }
  }

  drawName(line, width) {
    const { pen, gutter } = this, { isOpen, top, height } = line, row = this.data.rows[line.index];
    const y = isOpen ? top + 13 : top + height / 2, left = 14 * this.hasMarks;
    pen.fillStyle = this.colours.text;
    if (isOpen || gutter) {
      this.setFont(isOpen || height > 18 ? 12 : 11, isOpen ? 600 : 400);
      pen.fillText(this.shorten(row.name, (isOpen ? width : gutter) - 10 - left, 6), left, y);
    }
    if (gutter) pen.fillText(markOf(row), 0, y);
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
    const { pen, view } = this, { start, code } = bar, named = [];
    for (let i = segmentAt(start, view.from); i < start.length && start[i] < view.to; i += 1) {
      const left = Math.max(this.toX(start[i]), this.gutter - 9);
      const size = Math.min(this.toX(endOf(bar, i)), width + 9) - left;
      if (size < 3 || code[i] === -1) continue;
      if (code[i] === BREAK) { this.drawBreak(bar, left, size); continue; }
      if (code[i] === UNLABELLED) { this.drawUnlabelled(bar, left, size); continue; }
      pen.globalAlpha = this.alphaOf(code[i], bar.isLower);
      this.drawSegment(bar, i, left, size);
      const isNamed = bar.isNamed && pen.globalAlpha > 0.5 && size > 30;
      if (isNamed) named.push([code[i], Math.max(left, this.gutter), size]);
      pen.globalAlpha = 1;
    }
    return named;
  }

  drawBreak({ top, height }, left, size) {
    const { paper, soft } = this.colours, middle = top + height / 2 - 0.5;
    this.fill(paper, left, middle, size, 1);
    for (let x = Math.ceil(left / 6) * 6; x < left + size; x += 6) this.fill(soft, x, middle, 2, 1);
  }

  drawUnlabelled({ top, height, isNamed, names }, left, size) {
    const { pen, colours: { line, soft } } = this, x = Math.max(left, this.gutter);
    this.fill(line, left, top, size, height);
    if (!isNamed || size < 90) return;
    this.setFont(12);
    pen.fillStyle = soft;
    pen.fillText(names[UNLABELLED], x + 5, top + Math.min(height / 2 + 0.5, 16));
  }

  // Its hatch, an edge as pale colours are weak on white, and a line above if it is by hand.
  drawSegment({ code, top, height, hand }, i, left, size) {
    const { pattern } = this.inkOf(code[i]);
    if (pattern) this.fill(pattern, left, top, size, height);
    this.fill(EDGE, left, top + height - 1, size, 1);
    if (hand?.[i]) this.fill(this.colours.text, left + 1, top - 2, size - 2, 2);
  }

  writeIn(bar, code, left, size) {
    const { pen } = this, name = bar.names[code], { fill, ink, hatch } = this.data.appearance[code];
    this.setFont(12);
    const text = this.shorten(name, size - 10), y = bar.top + Math.min(bar.height / 2 + 0.5, 16);
    if (text.length < 3 && text !== name) return;
    if (hatch) this.fill(fill, left + 2, y - 8, pen.measureText(text).width + 6, 16);
    pen.fillStyle = ink;
    pen.fillText(text, left + 5, y);
  }

  // A band above the bar where the model is in doubt.
  drawDoubt({ row: { doubt }, top }) {
    const { view, options } = this, height = options.large ? 4 : 2;
    if (view.action !== null || !view.doubt || !doubt) return;
    let free = -1;
    for (let i = segmentAt(doubt.start, view.from); doubt.start[i] < view.to; i += 1) {
      const left = this.toX(doubt.start[i]), right = Math.max(this.toX(doubt.end[i]), left + 1);
      if (right > free && doubt.end[i] > view.from) this.fill(this.colours.doubt, left, top - height - 2, right - left, height);
      free = Math.max(free, right);
    }
  }

  // A line below the bars where a recording is checked.
  drawChecked({ row, line }) {
    for (const [from, to] of row.stretches ?? []) {
      this.fill(this.colours.focus, this.toX(from) + 1, line.top + line.height - 7, (to - from) * this.scale() - 2, 4);
    }
  }

  drawPicked(height) {
    if (!this.picked) return;
    const [left, right] = this.picked.map((time) => this.toX(time));
    this.fill(this.colours.range, left, AXIS, right - left, height);
    for (const x of [left, right]) this.fill(this.colours.focus, x - 1, AXIS, 2, height);
  }

  drawCursor() {
    const { pen, cursor } = this, bar = this.barOf(cursor);
    if (!bar) return;
    const left = this.toX(bar.start[cursor.segment]), right = this.toX(endOf(bar, cursor.segment));
    pen.lineWidth = 2;
    for (const [ink, by] of [["paper", 0], ["text", 1]]) {
      pen.strokeStyle = this.colours[ink];
      pen.strokeRect(left - by, bar.top - by, Math.max(right - left, 2) + 2 * by, bar.height + 2 * by);
    }
    pen.lineWidth = 1;
  }

  // The boundary that is taken, or would be by a click: a line with two arrows.
  drawBoundary() {
    const { pen } = this, at = this.edit ?? this.near, bar = this.barOf(at);
    if (!bar) return;
    const x = this.toX(bar.start[at.segment]), y = bar.top + bar.height / 2;
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

  // What still can be moved: a boundary that was dropped waits for the answer.
  get held() { return this.edit?.isSent ? null : this.edit; }

  take(index, segment) {
    const from = this.data.rows[index].prediction.start[segment];
    this.edit = { index, segment, from, to: from, isSent: false };
    this.tip.hidden = true;
    this.draw();
  }

  moveEdit(to) {
    const { edit, data } = this, { prediction, end } = data.rows[edit.index];
    edit.to = placed(prediction, end, edit.segment, to, data.fps);
    this.said.textContent = `boundary at ${this.at(edit.to)}`;
    this.draw();
  }

  async drop() {
    const { edit } = this;
    edit.isSent = true;
    try {
      if (edit.to !== edit.from) await this.options.onMove?.(edit.index, edit.from, edit.to);
    } finally {
      if (this.edit === edit) this.edit = null;
      this.draw();
    }
  }

  boundary({ line, bar, time }, type) {
    if (!this.options.editable || this.edit || !bar || bar.isLower) return null;
    const segment = boundaryAt(bar, time, (NEAR[type] ?? NEAR.touch) / this.scale());
    return segment < 0 ? null : { index: line.index, segment };
  }

  // ---- pointer

  listen() {
    const { canvas, host } = this, on = (target, ...listener) => target.addEventListener(...listener);
    on(host, "wheel", (event) => this.wheel(event), { passive: false });
    on(canvas, "pointerdown", (event) => this.down(event));
    on(canvas, "pointermove", (event) => this.move(event));
    on(canvas, "pointerup", (event) => this.up(event));
    on(canvas, "pointercancel", () => this.cancel());
    on(canvas, "pointerleave", (event) => { if (event.pointerType === "mouse") this.point({}, event); });
    on(canvas, "dblclick", () => this.whole());
    const leave = () => { this.tip.hidden = true; this.draw(); };
    on(document, "pointerdown", (event) => { if (event.target !== canvas) leave(); });
    on(document, "scroll", leave, { capture: true });  // also of the host
    on(host, "keydown", (event) => {
      const isOther = event.ctrlKey || event.metaKey || event.altKey;
      if (!isOther && this.press(event.key, event.shiftKey)) event.preventDefault();
    });
    on(host, "blur", () => {
      if (!this.options.onChoose) this.cursor = null;  // else it is what has been chosen
      leave();
      this.cancel();
    });
    on(window.matchMedia("(prefers-color-scheme: dark)"), "change", () => this.draw());
    new ResizeObserver(() => { this.isStale = true; this.draw(); }).observe(host);
  }

  cancel() {
    if (this.held) this.edit = null;
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
    const { line, bar, segment } = found, near = this.boundary(found, "mouse");
    if (near || this.near) {
      this.near = near;
      this.draw();
    }
    this.canvas.style.cursor = near ? "ew-resize" : "";
    const { interval } = line ? this.data.rows[line.index] : {};
    if (near && interval?.[near.segment]) this.showTip(this.describeBoundary(line.index, near.segment), x, y);
    else if (!line || near) this.tip.hidden = true;
    else if (segment !== undefined) this.showTip(this.describe(bar, segment), x, y);
    else this.showTip([element("div", {}, element("em", {}, this.data.rows[line.index].name))], x, y);
  }

  seek({ line = this.lines[0], time }) {
    if (line) this.options.onSeek?.(line.index, between(0, time, this.data.rows[line.index].end));
  }

  // One pointer at a time; it is followed outside, too, so that its end is known.
  down(event) {
    const id = event.pointerId;
    if (event.button || (this.drag?.id ?? id) !== id) return;
    const found = this.hit(event), near = this.boundary(found, event.pointerType);
    const isPick = event.shiftKey && this.options.onPick;
    const kind = isPick ? "pick" : found.isAxis && this.options.onSeek ? "seek" : "click";
    this.drag = { id, kind, near, x: found.x, now: found.x };
    this.canvas.setPointerCapture(id);
    if (kind === "seek") this.seek(found);
  }

  move(event) {
    const { drag } = this, found = this.hit(event), { x } = found;
    if (!drag) this.point(found, event);
    if (drag?.id !== event.pointerId) return;
    this.tip.hidden = true;
    if (drag.kind === "seek") this.seek(found);
    else this.dragAlong(drag, x, event.pointerType === "mouse");
  }

  // From a boundary it takes that; else a mouse takes a range, to be seen alone, and a
  // finger moves what is seen.
  dragAlong(drag, x, isMouse) {
    if (drag.kind === "click" && Math.abs(x - drag.x) < GESTURE) return;
    if (drag.kind === "click" && drag.near) this.take(drag.near.index, drag.near.segment);
    if (drag.kind === "click") drag.kind = drag.near ? "edit" : isMouse ? "range" : "pan";
    if (drag.kind === "edit" && this.held) this.moveEdit(this.held.from + (x - drag.x) / this.scale());
    if (drag.kind === "pan") this.pan((drag.now - x) / this.scale());
    drag.now = x;
    this.draw();
  }

  up(event) {
    const { drag } = this;
    if (drag?.id !== event.pointerId) return;
    this.drag = null;
    if (drag.kind === "edit" && this.held) this.drop();
    if (drag.kind === "range" || drag.kind === "pick") {
      const { from, to } = this.view;
      const ends = [drag.x, drag.now].map((x) => between(from, this.toValue(x), to)).sort((a, b) => a - b);
      if (drag.kind === "range") this.setRange(...ends); else this.options.onPick(...ends);
    }
    const found = this.hit(event), isMouse = event.pointerType === "mouse";
    if (drag.kind !== "click" || !found.line) return;
    const isKept = !isMouse && this.opened.has(found.line.index);  // for its tip
    if (!isKept) this.choose(found);
    if (!isMouse) this.point(found, event);
  }

  choose({ line, bar, segment, time: at }) {
    if (!this.options.onChoose) { this.toggle(line.index); return; }
    const time = segment === undefined || segmentAt(bar.start, at) === segment ? at : middleOf(bar, segment);
    this.cursor = segment === undefined ? null : { index: line.index, bar: +bar.isLower, segment };
    this.draw();
    this.seek({ line, time });
    this.options.onChoose(line.index, segment ?? null, time);
  }

  // ---- keyboard: from segment to segment

  cursorAt(index, time) {
    const bar = this.barOf({ index });
    if (bar) this.moveTo(bar, segmentAt(bar.start, time));
  }

  // Puts the cursor on a segment, which is then seen.
  moveTo(bar, segment) {
    const { host, view } = this, { line } = bar, foot = line.top + line.height;
    const middle = middleOf(bar, segment);
    this.cursor = { index: line.index, bar: +bar.isLower, segment };
    if (middle < view.from || middle > view.to) this.pan(middle - (view.from + view.to) / 2);
    if (line.top < host.scrollTop + AXIS) host.scrollTop = line.top - AXIS;
    if (foot > host.scrollTop + host.clientHeight) host.scrollTop = foot - host.clientHeight;
    this.draw();
  }

  // Left and right go along a bar, up and down from bar to bar, also within a row.
  walk(up, along) {
    const { cursor } = this, bars = this.lines.flatMap((line) => this.bars(line)), own = this.barOf(cursor);
    const isOwn = (bar) => bar.line === own?.line && bar.isLower === own.isLower;
    const bar = bars[between(0, bars.findIndex(isOwn) + up, bars.length - 1)];
    if (!bar?.start.length) return;
    const segment = own ? segmentAt(bar.start, own.start[cursor.segment]) + along : 0;
    this.moveTo(bar, between(0, segment, bar.start.length - 1));
    this.options.onSeek?.(bar.line.index, bar.start[this.cursor.segment]);
    this.sayWhere(bar, this.cursor.segment);
  }

  sayWhere(bar, segment) {
    requestAnimationFrame(() => {  // after the events of scrolling
      const box = this.canvas.getBoundingClientRect(), lines = this.describe(bar, segment);
      const y = box.top + bar.top + bar.height / 2 - this.host.scrollTop;
      this.showTip(lines, box.left + this.toX(middleOf(bar, segment)), y);
      this.said.textContent = lines.map((line) => line.textContent).join(", ");
    });
  }

  press(key, isShifted = false) {
    const { cursor } = this, bar = this.barOf(cursor), segment = cursor?.segment, time = bar?.start[segment];
    if (this.held && key === "Escape") this.cancel();
    else if (key in STEPS && !isShifted) this.walk(...STEPS[key]);
    else if (key === "+" || key === "=") this.zoom(0.7, time);
    else if (key === "-") this.zoom(1 / 0.7);
    else if (key === "0" || key === "Escape") this.whole();
    else if (key === "Enter" && bar) this.choose({ line: bar.line, bar, segment, time });
    else return false;
    return true;
  }
}
