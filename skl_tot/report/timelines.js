"use strict";
// The timelines: a canvas in a box that scrolls, drawn as far as it is seen. Libraries for
// plots would add 1 to 5 MB to each page, and none has rows of segments for hundreds of
// recordings that open, sort and filter.

const data = JSON.parse(document.getElementById("data").textContent);
const { actions, looks } = data;
const byId = (id) => document.getElementById(id);
const plot = byId("plot"), paper = plot.firstElementChild, canvas = paper.firstElementChild;
const context = canvas.getContext("2d");
const tip = byId("tip"), panel = byId("panel"), said = byId("said");
const AXIS = 26, TALL = 26, NAMED = 14, MANY = 80, THIN = 2, OPEN = 92, ROOM = 640;
const EDGE = "rgba(0, 0, 0, 0.3)";
const BREAK = -2;  // code of a time of which there are no frames
let recordings = data.recordings;  // or their cycles, see below
let longest = longestOf(recordings);
const state = {
  from: 0, to: longest, sort: "given", text: "", action: null, tall: false,
  open: new Set(), rows: [], gutter: 0, cursor: null, drag: null, colours: {},
};
document.documentElement.classList.add("scripted");

function longestOf(rows) {
  return rows.reduce((most, row) => Math.max(most, row.end), 0);
}

// ---- numbers and words

const between = (low, value, high) => Math.max(low, Math.min(value, high));
const fixed = (value) => value.toFixed(data.digits);
const span = (start, end) => data.fps
  ? `${fixed(start)} – ${fixed(end)} s (${fixed(end - start)} s)`
  : `frames ${start} – ${end - 1} (${end - start})`;

function tick(value) {
  if (!data.fps) return String(value);
  if (longest < 120) return `${+value.toFixed(3)} s`;
  const [whole, part] = (value % 60).toFixed(2).split(".");
  return `${Math.floor(value / 60)}:${whole.padStart(2, "0")}${part === "00" ? "" : `.${part}`}`;
}

const STEPS_OF_TIME = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

function niceStep(least) {
  const step = data.fps && STEPS_OF_TIME.find((step) => step >= least);
  if (step) return step;
  const power = 10 ** Math.floor(Math.log10(least));
  return Math.max(data.fps ? 0 : 1, power * [1, 2, 5, 10].find((x) => x * power >= least * 0.999));
}

function element(tag, attributes = {}, ...content) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...content);
  return made;
}

// ---- cycles as rows like those of recordings, each from its start on and without breaks

function part(bar, from, to, end) {
  const made = { start: [], code: [], confidence: [] };
  let time = 0;
  for (let i = segmentAt(bar.start, from); i < bar.start.length && bar.start[i] < to; i += 1) {
    if (bar.code[i] === BREAK) continue;
    made.start.push(time);
    made.code.push(bar.code[i]);
    if (bar.confidence) made.confidence.push(bar.confidence[i]);
    time += Math.min(bar.start[i + 1] ?? end, to) - Math.max(bar.start[i], from);
  }
  return [made, time];
}

function cyclesOf(recording) {
  return recording.cycles.map(([from, to, deviation], i) => {
    const [prediction, end] = part(recording.prediction, from, to, recording.end);
    const name = `${data.recordings.length > 1 ? `${recording.name}, ` : ""}cycle ${i}`;
    const { length } = recording.doubt, share = length / recording.end;
    const doubt = recording.doubt.slice(Math.floor(from * share), Math.max(1, Math.ceil(to * share)));
    const total = prediction.confidence.reduce((sum, own) => sum + own, 0);
    const made = { name, end, prediction, doubt, deviation, from, confidence: total / prediction.confidence.length };
    if (recording.truth) [made.truth] = part(recording.truth, from, to, recording.end);
    return made;
  });
}

const cycles = data.recordings.flatMap(cyclesOf);

function show(rows) {
  recordings = rows;
  longest = longestOf(rows);
  const lengths = rows.map((row) => row.end).sort((a, b) => a - b);
  const usual = lengths[lengths.length >> 1];  // so that a long one does not hide the others
  Object.assign(state, { from: 0, to: rows === cycles ? Math.min(longest, 2.5 * usual) : longest, cursor: null });
  state.open.clear();
  plot.scrollTop = 0;
  layout();
}

// ---- which rows there are, and where

const orders = {
  given: (a, b) => a - b,
  name: (a, b) => recordings[a].name.localeCompare(recordings[b].name, "en", { numeric: true }),
  duration: (a, b) => recordings[b].end - recordings[a].end,
  deviation: (a, b) => recordings[b].deviation - recordings[a].deviation,
  confidence: (a, b) => recordings[a].confidence - recordings[b].confidence,
};

function layout() {
  const wanted = state.text.trim().toLowerCase();
  const kept = [...recordings.keys()]
    .filter((i) => recordings[i].name.toLowerCase().includes(wanted))
    .sort((a, b) => orders[state.sort](a, b) || a - b);
  const least = kept.length > MANY ? THIN : NAMED, unit = recordings === cycles ? "cycle" : "recording";
  const height = state.tall ? TALL : between(least, Math.floor(ROOM / Math.max(kept.length, 1)), TALL);
  let top = AXIS;
  state.rows = kept.map((index) => {
    const row = { index, top, height: state.open.has(index) ? OPEN : height };
    top += row.height;
    return row;
  });
  state.gutter = height < NAMED ? 0 : gutterWidth(kept);
  paper.style.height = `${Math.max(top, AXIS + TALL)}px`;
  byId("shown").textContent = kept.length === recordings.length
    ? `${kept.length} ${unit}${kept.length === 1 ? "" : "s"}`
    : `${kept.length} of ${recordings.length} ${unit}s`;
  draw();
}

function gutterWidth(indices) {
  setFont(12);
  const widths = indices.map((i) => context.measureText(recordings[i].name).width);
  return Math.ceil(Math.min(Math.max(0, ...widths) + 12, plot.clientWidth * 0.28, 200));
}

// Bars of a row: what is found and, below it, the ground truth.
function bars(row) {
  const recording = recordings[row.index];
  const isOpen = state.open.has(row.index);
  const gap = isOpen ? 4 : row.height > 18 ? 3 : row.height >= 6 ? 1 : 0;
  const top = row.top + (isOpen ? 24 : gap), height = row.top + row.height - gap * (isOpen ? 2 : 1) - top;
  if (!recording.truth || row.height < 8) return [{ ...recording.prediction, names: data.names, top, height }];
  const upper = height * 0.6;
  return [
    { ...recording.prediction, names: data.names, top, height: upper },
    { ...recording.truth, names: data.labels, isTruth: true, top: top + upper, height: height - upper },
  ];
}

const scale = () => (plot.clientWidth - state.gutter) / (state.to - state.from);
const toX = (value) => state.gutter + (value - state.from) * scale();
const toValue = (x) => state.from + (x - state.gutter) / scale();

function segmentAt(starts, value) {
  let low = 0, high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= value) low = middle; else high = middle;
  }
  return low;
}

function hit(clientX, clientY) {
  const box = canvas.getBoundingClientRect();
  const y = clientY - box.top, value = toValue(clientX - box.left);
  if (y < AXIS) return null;
  const inside = y + plot.scrollTop;
  const row = state.rows.find((row) => inside >= row.top && inside < row.top + row.height);
  if (!row) return null;
  const end = recordings[row.index].end;
  if (clientX - box.left < state.gutter || value < 0 || value >= end) return { row };
  const all = bars(row);
  const bar = all.length > 1 && inside >= all[1].top ? 1 : 0;
  return { row, bar, segment: segmentAt(all[bar].start, value) };
}

// ---- drawing

const setFont = (size, weight = 400) => {
  context.font = `${weight} ${size}px system-ui, -apple-system, "Segoe UI", sans-serif`;
};

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["text", "soft", "line", "range"]) {
    state.colours[name] = style.getPropertyValue(`--${name}`).trim();
  }
}

const patterns = new Map();
function fillOf(code) {
  const look = looks[code];
  if (!look.hatch) return look.fill;
  if (!patterns.has(code)) patterns.set(code, hatched(look));
  return patterns.get(code);
}

// Lines of the hatch, as far as they are in a tile of 8 by 8.
const HATCHES = [[], [[0, 8, 8, 0]], [[3, 4, 5, 4]], [[0, 8, 8, 0], [0, 0, 8, 8]], [[0, 4, 8, 4]], [[4, 0, 4, 8]]];

function hatched({ fill, ink, hatch }) {
  const tile = element("canvas", { width: 8, height: 8 }), pen = tile.getContext("2d");
  pen.fillStyle = fill;
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = ink;
  for (const [x, y, ...end] of HATCHES[hatch]) {
    pen.lineWidth = hatch === 2 ? 2 : 1;
    pen.moveTo(x, y);
    pen.lineTo(...end);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}

let waiting = 0;
function draw() {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(drawNow);
}

function drawNow() {
  const ratio = window.devicePixelRatio || 1;
  const width = plot.clientWidth, height = Math.min(plot.clientHeight, paper.offsetHeight);
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.textBaseline = "middle";
  const ticks = drawGrid(width, height);
  const seen = plot.scrollTop;
  context.save();
  context.beginPath();
  context.rect(0, AXIS, width, height);
  context.clip();
  context.translate(0, -seen);
  for (const row of state.rows) {
    if (row.top + row.height > seen + AXIS && row.top < seen + height) drawRow(row, width);
  }
  drawCursor();
  context.restore();
  drawAxis(ticks, width);
  if (state.drag && state.drag.isRange) {
    context.fillStyle = state.colours.range;
    context.fillRect(state.drag.x, AXIS, state.drag.now - state.drag.x, height);
  }
  if (!state.rows.length) {
    context.fillStyle = state.colours.soft;
    context.fillText("None has this in its name.", 8, AXIS + TALL / 2);
  }
  Object.assign(plot.dataset, {
    from: state.from, to: state.to, left: state.gutter, sort: state.sort,
    rows: state.rows.map((row) => row.index).join(" "),
  });
}

function drawGrid(width, height) {
  const step = niceStep((state.to - state.from) * 90 / (width - state.gutter));
  const ticks = [];
  for (let i = Math.ceil(state.from / step); i * step <= state.to; i += 1) {
    const x = Math.round(toX(i * step)) + 0.5;
    ticks.push([x, tick(i * step)]);
    context.strokeStyle = state.colours.line;
    context.beginPath();
    context.moveTo(x, AXIS - 5);
    context.lineTo(x, height);
    context.stroke();
  }
  return ticks;
}

function drawAxis(ticks, width) {
  setFont(11);
  context.fillStyle = state.colours.soft;
  let free = 0;
  for (const [x, text] of ticks) {
    const half = context.measureText(text).width / 2;
    const left = between(0, x - half, width - 2 * half - 2);
    if (left < free) continue;
    context.fillText(text, left, AXIS / 2 - 2);
    free = left + 2 * half + 8;
  }
}

function drawRow(row, width) {
  const recording = recordings[row.index], isOpen = state.open.has(row.index);
  context.fillStyle = state.colours.text;
  if (isOpen) {
    setFont(12, 600);
    context.fillText(shorten(recording.name, width - 8, 6), 0, row.top + 13);
  } else if (state.gutter) {
    setFont(row.height > 18 ? 12 : 11);
    context.fillText(shorten(recording.name, state.gutter - 10, 6), 0, row.top + row.height / 2);
  }
  context.save();
  context.beginPath();
  context.rect(state.gutter, row.top, width, row.height);
  context.clip();
  for (const bar of bars(row)) drawBar(bar, recording.end, isOpen);
  if (row.height >= NAMED) drawDoubt(recording, bars(row)[0]);
  context.restore();
}

// Text that fits a width, with so many of its last letters.
function shorten(text, width, tail = 0) {
  if (context.measureText(text).width <= width) return text;
  const end = `…${tail ? text.slice(-tail) : ""}`;
  let kept = text.length - tail;
  while (kept > 1 && context.measureText(text.slice(0, kept) + end).width > width) kept -= 1;
  return text.slice(0, kept) + end;
}

function drawBar(bar, end, isOpen) {
  setFont(11);
  const first = segmentAt(bar.start, state.from);
  for (let i = first; i < bar.start.length && bar.start[i] < state.to; i += 1) {
    const code = bar.code[i];
    const left = toX(bar.start[i]), right = toX(i + 1 < bar.start.length ? bar.start[i + 1] : end);
    const isFaded = state.action !== null && code !== state.action;
    context.globalAlpha = isFaded ? 0.13 : bar.isTruth ? 0.75 : 1;
    if (code === BREAK) {
      for (let x = Math.ceil(left / 6) * 6; x < right; x += 6) {
        context.fillStyle = state.colours.soft;
        context.fillRect(x, bar.top + bar.height / 2 - 0.5, 2, 1);
      }
      continue;
    }
    if (code < 0) {
      context.fillStyle = state.colours.line;
      context.fillRect(left, bar.top + bar.height / 2 - 0.5, right - left, 1);
      continue;
    }
    context.fillStyle = fillOf(code);
    context.fillRect(left, bar.top, right - left, bar.height);
    if (bar.height >= 8) {  // pale colours are weak on white
      context.fillStyle = EDGE;
      context.fillRect(left, bar.top + bar.height - 1, right - left, 1);
    }
    context.globalAlpha = 1;
    if (isOpen && !isFaded && right - left > 30) writeIn(bar, code, left, right);
  }
  context.globalAlpha = 1;
}

function writeIn(bar, code, left, right) {
  const start = Math.max(left, state.gutter) + 5, room = right - start - 5;
  const text = room > 20 ? shorten(bar.names[code], room) : "";
  if (text.length < 3 || looks[code].hatch) return;
  context.fillStyle = looks[code].ink;
  context.fillText(text, start, bar.top + bar.height / 2 + 0.5);
}

// Dark from the foot of the bar, as high as the probability of other actions.
function drawDoubt(recording, bar) {
  if (state.action !== null || !byId("doubt").checked) return;
  const part = recording.end / recording.doubt.length, foot = bar.top + bar.height;
  context.fillStyle = "rgba(0, 0, 0, 0.6)";
  context.beginPath();
  context.moveTo(toX(0), foot);
  [...recording.doubt].forEach((digit, i) => {
    const top = foot - parseInt(digit, 36) / 35 * bar.height;
    context.lineTo(toX(i * part), top);
    context.lineTo(toX((i + 1) * part), top);
  });
  context.lineTo(toX(recording.end), foot);
  context.fill();
}

function drawCursor() {
  const at = state.cursor;
  const row = at && state.rows.find((row) => row.index === at.index);
  const bar = row && bars(row)[at.bar];
  if (!bar) return;
  const end = recordings[at.index].end;
  const left = toX(bar.start[at.segment]), right = toX(bar.start[at.segment + 1] ?? end);
  context.lineWidth = 2;
  context.strokeStyle = state.colours.text;
  context.strokeRect(left, bar.top - 1, Math.max(right - left, 2), bar.height + 2);
  context.lineWidth = 1;
}
