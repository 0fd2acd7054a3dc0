// The review page, built inside of an element over a transport: call(name, values) ->
// Promise of a reply, listen(callback) for what happens elsewhere, video(index) -> address,
// and client, who this is. What data says enters the page as text only.

import { Alike } from "./alike.js";
import { Examples } from "./examples.js";
import { Faults } from "./faults.js";
import { Holding } from "./holding.js";
import { Stage } from "./stage.js";
import { Steps } from "./steps.js";
import { BREAK, MARKS, Timelines, UNLABELLED, element, segmentAt, timeText } from "./timelines.js";
import { Units, happened } from "./units.js";

const BACKGROUND = -1;
// What a page shows before all recordings are read.
const EMPTY = { rows: [], names: {}, words: {}, appearance: {}, fps: null, digits: 2, formats: [], cycles: [], next: [], checked: 0, checks: 0, learned: 0, units: 0 };
const UNREAD = { name: "not read yet", end: 0, prediction: { start: [], code: [], confidence: [] }, doubt: { start: [], end: [] }, stretches: [], confidence: 1, deviation: 0 };
const PHASES = { loading: "Loading the program and the recordings", checking: "Waiting for an answer on faults of the files", reading: "Reading the recordings", fitting: "Fitting the model", waiting: "Waiting for fits without labels", learning: "Learning", splitting: "Splitting the action", choosing: "Labelling the recordings", exporting: "Writing files" };

const HINT = "Press ? for the keys.";

// A button calls the method data-do with data-by; SHORTCUTS give it a title.
const SHELL = `
<header>
  <h1></h1>
  <p class="figure"></p>
  <div class="buttons"><button data-do="act" data-by="undo">↶ Undo</button><button data-do="act" data-by="redo">↷ Redo</button>
    <button data-do="act" data-by="learn" class="main">Learn</button><button data-do="ask" data-by="export">Export…</button><button data-do="ask" data-by="help" aria-label="Keys">?</button></div>
</header>
<main>
  <div class="head">
    <div class="title"><div class="buttons"><button data-do="turn" data-by="-1" aria-label="Above">‹</button><button data-do="turn" data-by="1" aria-label="Below">›</button></div>
      <h2></h2><button data-do="check" class="check"></button></div>
    <div class="buttons play"><button data-do="frame" data-by="-1" aria-label="A frame back">◂</button><button data-do="play" aria-label="Play or pause"></button>
      <button data-do="frame" data-by="1" aria-label="A frame on">▸</button><select class="speed" aria-label="Speed"></select></div>
    <output class="clock"></output><div class="buttons"><button data-do="zoom" data-by="2" aria-label="Show more of it">−</button>
      <button data-do="zoom" data-by="0.5" aria-label="Show less, larger">+</button><button data-do="whole">All</button><button data-do="swap" class="swap"></button></div>
    <details class="features"><summary>Features</summary><div></div></details>
  </div>
  <div class="stage"><video playsinline preload="metadata" hidden></video><canvas hidden></canvas><i class="playhead" hidden></i></div>
  <div class="large"></div>
  <p class="legend" aria-label="Marks"></p>
  <div class="tools"><label>Sort by <select class="sort"></select></label><label>Find <input type="search" class="filter" placeholder="part of a name"></label>
    <label><input type="checkbox" class="tall"> Taller rows</label><span class="marks"></span><output class="shown"></output></div>
  <div class="small"></div>
</main>
<aside>
  <section class="segment"><h2>Segment</h2><p class="unseen told" aria-live="polite"></p>
    <label><i class="k"></i><input class="name" title="Rename the action in all recordings (R)" autocomplete="off" spellcheck="false" aria-label="Name of the action, everywhere"></label><p class="facts"></p>
    <div class="edges"><span>Start</span><button data-do="edge" data-by="-1" title="Start a frame earlier (Alt + ←)" aria-label="Start a frame earlier">‹</button><output></output><button data-do="edge" data-by="1" title="Start a frame later (Alt + →)" aria-label="Start a frame later">›</button>
      <span>End</span><button data-do="edge" data-by="-1" data-end="1" title="End a frame earlier (Alt + ↓)" aria-label="End a frame earlier">‹</button><output></output><button data-do="edge" data-by="1" data-end="1" title="End a frame later (Alt + ↑)" aria-label="End a frame later">›</button></div>
    <div class="buttons"><button data-do="cut">Cut here</button><button data-do="split">Split</button><button data-do="merge" aria-pressed="false">Merge…</button></div></section>
  <section class="actions"><h2></h2><ol></ol>
    <form><input autocomplete="off" spellcheck="false" placeholder="a new action" aria-label="Name of a new action for this segment"><button>Add</button></form></section>
  <section class="changed" hidden><h2></h2><div class="buttons"><button data-do="keep">Keep all</button><button data-do="takeBack">Take back all</button></div><ul></ul></section>
  <section class="next"><h2>Look at next (N)</h2><ol></ol></section>
</aside>
<footer><ul class="problems" role="alert"></ul><div><p class="said" aria-live="polite">${HINT}</p><progress hidden aria-label="Progress"></progress><p class="fits"></p><p class="pages"></p></div></footer>
<dialog class="help" aria-label="Keys"><h2>Keys</h2><dl></dl><button data-do="close">Close</button></dialog>
<dialog class="export" aria-label="Export"><h2>Export</h2><p>Writes the table of segments, labels, the model and a report into the folder of this review.</p>
  <label>Format of labels <select></select></label><div class="buttons"><button data-do="export" class="main">Write files</button><button data-do="close">Close</button></div></dialog>`;

const UNDO = ["act", "undo"], REDO = ["act", "redo"];
const edges = (key, by, isEnd) => ({ [`Alt+${key}`]: ["edge", by, isEnd], [`Alt+Shift+${key}`]: ["edge", 10 * by, isEnd] });

// Keys as they are shown, what they do, and for each key a method and its values.
const SHORTCUTS = [
  ["← →", "segment before, after", { ArrowLeft: ["walk", -1], ArrowRight: ["walk", 1] }],
  ["↑ ↓ or K J", "recording or cycle above, below", { ArrowUp: ["turn", -1], ArrowDown: ["turn", 1], k: ["turn", -1], j: ["turn", 1] }],
  ["N", "recording or cycle to look at next", { n: ["next"] }],
  ["1 … 9", "the segment or the chosen stretch is the action of this number, a new one if there is none", Object.fromEntries([..."123456789"].map((digit) => [digit, ["pick", digit - 1]]))],
  ["1 … 9, 0, held", "while it plays: give the action to the frames that are played"],
  ["F", "take the segments that a fit proposes for the recording, before any of it is labelled", { f: ["propose"] }],
  ["P", "play examples of the action: typical ones, then doubtful ones (← → Esc)", { p: ["exemplify"] }],
  ["0", "the segment is background", { 0: ["pick", BACKGROUND] }],
  ["A", "the segment is a new action", { a: ["focus", ".actions input"] }],
  ["R", "rename the action everywhere", { r: ["focus", ".name"] }],
  ["M, then 1 … 9", "merge the action into another, everywhere", { m: ["merge"] }],
  ["U, Shift + U", "two actions that look alike are one, are two", { u: ["unite", true], "Shift+u": ["unite", false] }],
  ["S", "split the action in two, everywhere", { s: ["split"] }],
  ["C", "cut the segment at the cursor", { c: ["cut"] }],
  ["Alt + ← →", "start of the segment a frame earlier, later (Shift: 10)", { ...edges("ArrowLeft", -1), ...edges("ArrowRight", 1) }],
  ["Alt + ↓ ↑", "end of the segment a frame earlier, later (Shift: 10)", { ...edges("ArrowDown", -1, true), ...edges("ArrowUp", 1, true) }],
  ["Enter", "mark the recording, cycle or chosen stretch as checked, or remove the mark", { Enter: ["check"] }],
  ["Shift + ← →", "choose a stretch, segment by segment (mouse: Shift and drag); Esc ends this", { "Shift+ArrowLeft": ["extend", -1], "Shift+ArrowRight": ["extend", 1] }],
  ["Shift + Enter", "mark the whole recording as checked, or remove the mark", { "Shift+Enter": ["checkAll"] }],
  ["Space", "play, pause", { " ": ["play"] }],
  [", .", "a frame back, on", { ",": ["frame", -1], ".": ["frame", 1] }],
  ["− +", "show more; less, larger", { "-": ["zoom", 2], "+": ["zoom", 0.5], "=": ["zoom", 0.5] }],
  ["W", "show all of the recording", { w: ["whole"] }],
  ["V", "video or signals", { v: ["swap"] }],
  ["Z, Shift + Z", "undo, redo (Ctrl + Z, Ctrl + Y too)", { z: UNDO, "Ctrl+z": UNDO, "Shift+z": REDO, "Ctrl+y": REDO, "Ctrl+Shift+z": REDO }],
  ["L", "let the model learn from all that is checked", { l: ["act", "learn"] }],
  ["Y, T", "keep, take back what learning changed here", { y: ["keep", true], t: ["takeBack", true] }],
  ["E", "export", { e: ["ask", "export"] }],
  ["/", "find recordings by name", { "/": ["focus", ".filter"] }],
  ["Esc", "leave a field, cancel", { Escape: ["cancel"] }],
  ["?", "these keys", { "?": ["ask", "help"] }],
];
const BY_KEY = Object.assign({}, ...SHORTCUTS.map(([, , keys]) => keys ?? {}));

const SORTS = { given: "order given", name: "name", duration: "longest first", doubt: "least sure first", deviation: "most unusual first", checked: "not checked first" };
const WIDE = 24;  // pixels of a usual segment, so that it is chosen by the mouse
const LOOKS = ["walk", "turn", "frame", "play", "zoom", "whole", "swap"];  // what is done before all is read
const option = (value, text = value) => element("option", { value }, text);
const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

// Why something is to be looked at next.
function why({ reason, unsure, unusual }, names) {
  const doubt = unsure >= 0.1 ? `in doubt for ${Math.round(100 * unsure)} %` : "";
  return [reason, doubt, happened(unusual, names)].filter(Boolean).join("; ");
}

// Share of a recording in which it shows what it did not show before.
function changedShare({ prediction, before, end }) {
  const bounds = [...new Set([...prediction.start, ...before.start, end])].sort((a, b) => a - b);
  const shown = ({ start, code }, time) => code[segmentAt(start, time)];
  return bounds.slice(1).reduce((sum, to, i) => sum + (shown(prediction, bounds[i]) !== shown(before, bounds[i]) ? to - bounds[i] : 0), 0) / end;
}

export class Page {
  constructor(root, transport) {
    Object.assign(this, { root, transport, data: null, index: 0, time: 0, isMerging: false, lastAct: Promise.resolve(), kept: [] });
    root.tabIndex = -1;
    root.innerHTML = SHELL;
    this.find = (selector) => root.querySelector(selector);
    this.stage = new Stage(this.find(".stage"), this.find(".features div"), {
      signals: (values) => this.question("signals", values), range: () => this.large.view, onTime: (time) => this.moveTo(time),
      onWheel: (event) => this.large.wheel(event), fail: (text) => this.complain(text),
    });
    this.units = new Units(this);
    this.steps = new Steps(this);
    this.holding = new Holding(this);
    this.examples = new Examples(this);
    this.alike = new Alike(this);
    this.faults = new Faults(this);
    this.listen();
    this.opened = this.open();
    transport.listen((event) => this.opened.then(() => this.hear(event)));
  }

  listen() {
    const { root, find } = this, on = (selector, type, does) => find(selector).addEventListener(type, (event) => does(event.target, event));
    root.addEventListener("keydown", (event) => this.press(event), { capture: true });
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) this[button.dataset.do](button.dataset.by, button.dataset.end);
      if (event.detail && event.target.closest("button, .tall") && !find("dialog[open]")) root.focus({ preventScroll: true });  // so that keys go on
    });
    find(".speed").append(...[0.25, 0.5, 1, 2, 4, 8].map((speed) => option(speed, `${speed}×`)));
    find(".speed").value = 1;
    find(".sort").append(...Object.entries(SORTS).map((sort) => option(...sort)));
    on(".speed", "change", (field) => { this.stage.setSpeed(+field.value); root.focus(); });  // so that Space plays
    on(".sort", "change", (field) => { this.small.sort(field.value); root.focus(); });
    for (const dialog of root.querySelectorAll("dialog")) dialog.addEventListener("close", () => root.focus());  // also by Esc
    on(".filter", "input", (field) => this.small.filter(field.value));
    on(".filter", "keydown", (field, event) => {
      if (event.key !== "Enter" || !this.small.lines.length) return;
      this.units.open(this.small.lines[0].index);
      root.focus();
    });
    on(".tall", "change", (field) => this.small.setView({ tall: field.checked }));
    on(".name", "change", (field) => this.rename(field.value.trim()));
    on(".name", "blur", () => this.drawSegment());
    on(".actions form", "submit", (form, event) => {
      event.preventDefault();
      const field = form.firstElementChild, name = field.value.trim();
      if (name) this.give(name).then(() => { field.value = ""; });
      root.focus();
    });
    for (const [keys, words, own = {}] of SHORTCUTS) {
      find(".help dl").append(element("div", {}, element("dt", {}, keys), element("dd", {}, words)));
      for (const [method, value] of Object.values(own)) {
        const button = find(`button[data-do="${method}"]${value === undefined ? "" : `[data-by="${value}"]`}`);
        if (button && !button.title) button.title = `${words[0].toUpperCase()}${words.slice(1)} (${keys})`;
      }
    }
  }

  // ---- what comes from the server

  async open() {
    try {
      const data = { ...EMPTY, ...await this.transport.call("open", {}) };
      if (data.error) throw new Error(data.error);
      data.rows = data.rows.map((row) => this.readied(row));
      const { words, appearance, fps, digits, rows } = this.data = data, common = { names: words, appearance, fps, digits };
      if (data.phase) this.showProgress(data);
      if (!this.large) this.build(common);
      this.setAll(common);
      this.units.show();
      this.faults.show(data.faults);
      this.find(".export select").replaceChildren(...data.formats.map(([name, words]) => option(name, words)));
      const isNew = data.ready && data.fits && !this.isPlaced, start = isNew ? data.next[0]?.recording : this.index;
      this.isPlaced ||= data.ready;
      if (rows.length) this.go(rows[start] ? start : 0, this.time, true);
      else this.draw();
      if (data.ready) this.replay();
    } catch (problem) {
      this.complain(problem.message);
    }
  }

  build(common) {
    this.large = new Timelines(this.find(".large"), { ...common, rows: [], lower: "before the model learned" }, {
      label: "Segments of the recording", large: true, editable: true, onMove: (_, from, to) => this.move(from, to),
      onSeek: (_, time) => this.stage.seek(time), onChoose: () => this.approach(), onRange: () => this.stage.layout(),
      onPick: (from, to) => this.units.pick(from, to),
    });
    this.small = new Timelines(this.find(".small"), { ...common, rows: [] }, {
      label: "All recordings", onChoose: (number, segment, time) => this.units.open(number, segment, time),
      onShown: (n, all) => { this.find(".shown").value = `${n === all ? "" : `${n} of `}${count(all, this.units.what)}`; },
    });
  }

  setAll(data) { this.large.set(data); this.small.set(data); }
  // A row as the timelines take it, also before it is there.
  readied(row) { return row ? { ...row, truth: row.before, share: row.changed ? changedShare(row) : 0 } : UNREAD; }

  hear(event) {
    const { data } = this, { type, version } = event;
    this.pages = event.n ?? this.pages;
    if (type === "open") this.opened = this.open();
    if (type === "error") this.complain(event.error);
    if (type === "error" || type === "said") this.say(event.said ?? "");
    if (!data || type === "open") return;
    if (event.fits && event.fits[1] >= (data.fits?.[1] ?? 0)) data.fits = event.fits;  // others are older
    if (type === "progress") { this.showProgress(event); this.putRows(event.rows); }
    if (type === "delta" && version === data.version + 1) return this.take(event, event.by === this.transport.client ? "" : "Another window: ");
    if (version > data.version) this.opened = this.open();
    this.draw();
  }

  putRows(rows = {}) {
    const present = Object.keys(rows).filter((index) => index in this.data.rows);  // before, `open` brings them
    for (const index of present) {
      this.data.rows[index] = this.readied(rows[index]);
      if (+index === this.index) { this.showRow(); this.moveTo(this.time); }
    }
    this.units.update(present);
  }

  take({ rows, said, type, by, ...rest }, who = "") {
    if (said && rows) this.say(who + said);  // else it goes on, and events tell how far it is
    if (rest.version <= this.data.version) return;  // nothing new, or an event was first
    const { words, appearance } = Object.assign(this.data, rest);
    this.setAll({ names: words, appearance });
    this.putRows(rows);
    this.moveTo(this.time);
    this.draw();
  }

  // Calls one after another: each tells the version that the one before made.
  act(name, make = () => ({})) {
    this.lastAct = this.lastAct.then(async () => {
      const values = make(), old = [...this.find(".problems").children];
      if (!values) return;
      const reply = await this.transport.call(name, { ...values, version: this.data.version });
      if (reply.error) this.complain(reply.error);
      else this.take(reply);
      if (!reply.error) for (const line of old) line.remove();  // of an act before
      if (reply.outdated) await this.open();
    }).catch((problem) => this.complain(problem.message));
    return this.lastAct;
  }

  // The reply to what changes nothing; an error is shown, and is its field.
  async question(name, values = {}) {
    const reply = await this.transport.call(name, values).catch((problem) => ({ error: problem.message }));
    if (reply.error) this.complain(reply.error);
    return reply;
  }

  say(text) { this.find("footer .said").textContent = text; }

  complain(text) {
    const problems = this.find(".problems");
    for (const same of problems.children) if (same.firstChild.textContent === text) same.remove();
    const line = element("li", {}, element("span", {}, text), element("button", { onclick: () => { line.remove(); this.root.focus(); } }, "Dismiss"));
    problems.append(line);
  }

  showProgress({ phase, done, total }) {
    const bar = this.find("footer progress"), said = this.find("footer .said");
    bar.hidden = !phase;
    this.data.phase = phase;
    if (total) Object.assign(bar, { max: total, value: done }); else bar.removeAttribute("value");
    if (!phase || phase !== this.timed?.phase) this.timed = { phase, since: Date.now() };
    const seconds = (Date.now() - this.timed.since) / 1000, left = seconds > 3 && done ? `, about ${Math.ceil(seconds * (total / done - 1))} s left` : "";
    if (phase) this.say(this.progress = `${PHASES[phase] ?? phase}${total ? `, ${total === 100 ? `${done} %` : `${done} of ${total}`}${left}` : ""}`);
    else if (said.textContent === this.progress) this.say(HINT);
  }

  // ---- where one is: a recording and a time in it, which chooses the segment

  get row() { return this.data.rows[this.index]; }
  get bar() { return this.row.prediction; }
  get segment() { return segmentAt(this.bar.start, this.time); }
  get code() { return this.bar.code[this.segment] ?? BREAK; }
  // Whether all from one time to another is checked; times are rounded.
  isChecked(start, end) { return this.row.stretches.some(([from, to]) => from <= start + 1e-6 && to >= end - 1e-6); }
  endOf(segment) { return this.bar.start[segment + 1] ?? this.row.end; }
  // How long something is, in words.
  length(time) { return this.data.fps ? timeText(time, this.data.digits) : count(time, "frame"); }

  go(index, time = 0, isAnew = false) {
    const isOther = +index !== this.index;
    this.index = +index;
    if (isOther || isAnew) {
      if (isOther || !this.large.data.rows.length) this.large.show([UNREAD]);
      if (isOther) this.units.choose(null);
      this.showRow();
    }
    this.stage.seek(time);
    this.draw();
  }

  // Of very many segments it shows some, as wide as the mouse needs.
  showRow() {
    const { large } = this, most = large.host.clientWidth / WIDE, n = this.bar.start.length, before = large.data.rows[0].prediction.start.length;
    large.update(0, this.row);
    if (before <= most && most < n && large.view.to - large.view.from === large.longest) large.setRange(0, this.row.end * most / n);
    this.stage.show(this.index, this.row, this.data.fps, this.row.video ? this.transport.video(this.index) : null);
  }

  moveTo(time) {
    this.time = time;
    this.large.playhead(time);
    this.find(".clock").value = this.timeOf(time);
    this.examples.follow(time);
    if (this.holding.follow(time)) return;
    const { index, segment } = this, place = this.units.cursor(index, time), was = this.small.cursor;
    if (place?.index === was?.index && place?.segment === was?.segment && this.large.cursor?.segment === segment) return;
    this.large.cursor = { index: 0, bar: 0, segment };
    if (place && place.index !== was?.index) this.small.cursorAt(place.index, this.units.rows[place.index].prediction.start[place.segment]);
    this.small.cursor = place;
    this.small.draw();
    this.drawSegment();
    if (place?.index !== was?.index) this.drawHead();
  }

  // Where the cursor is, of how much, and at what time of day.
  timeOf(time) {
    const { row, data: { fps, digits } } = this;
    if (!fps) return `frame ${Math.floor(time)} of ${row.end}`;
    const day = this.large.clockSpan(row, time, time).split(" – ")[0], place = timeText(time, digits, row.end);
    return day || `${place.replace(" s", "")} of ${timeText(row.end, digits)}`;
  }

  walk(by) {
    const after = this.segment + by, segment = this.bar.code[after] === BREAK ? after + by : after;
    if (segment in this.bar.start) this.stage.seek(this.bar.start[segment]);
  }

  turn(by) {
    const rows = this.small.lines.map((line) => line.index), place = rows.indexOf(this.units.at(this.index, this.time)) + +by;
    if (place in rows) this.units.open(rows[place]);
  }

  next() {
    const { next } = this.data, isHere = ({ recording, from, to }) => recording === this.index && from <= this.time && this.time < to;
    const here = next.findIndex(isHere), found = next[(here + 1) % next.length];  // after this one, else the first
    if (found && found !== next[here]) this.look(found);
    else this.say(`There is no other ${this.units.what} to look at.`);
  }

  look({ recording, from, to }) {
    this.go(recording, from);
    if (to - from < this.row.end) this.units.frame(from, to);
  }

  frame(by) { this.stage.pause(); this.stage.seek((Math.round(this.time / this.stage.step) + +by) * this.stage.step); }
  play() {
    this.stage.play();
    const { down } = this.holding;  // a number that was held before
    if (down && !this.examples.isOn) this.holding.begin(this.codeOf(...BY_KEY[down].slice(1)), down);
  }

  swap() { this.stage.swap(); this.draw(); }
  // Shows a segment that was chosen, and is very short, as wide as others.
  approach() {
    const { large, segment } = this, start = this.bar.start[segment], end = this.endOf(segment), size = (end - start) * large.scale();
    if (size < WIDE / 3) large.zoom(size / WIDE, (start + end) / 2);
  }

  // With the cursor in the middle, as it is near the left edge while it plays.
  zoom(factor) {
    const { large, large: { view: { from, to } }, time } = this, half = (to - from) * factor / 2;
    large.setRange(time - half, time + half);
  }
  whole() { this.large.whole(); }

  // ---- what one does

  // Of the chosen stretch, the cycle or the recording; as it is when its turn has come.
  check(target = () => this.units.target) {
    const { index, start, end } = target();
    return this.act("check", () => {
      const own = target(), isSame = own.index === index && own.start === start && own.end === end;
      return { recording: index, start, end, checked: isSame ? !own.checked : true };
    }).then(() => { if (this.large.picked && index === this.index) this.units.choose(null); });
  }

  checkAll() { return this.check(() => this.units.whole); }
  extend(by) { this.units.extend(by); }
  keep(isOne) { return this.act("keep", () => ({ recording: isOne ? this.index : null })); }
  takeBack(isOne) { return this.act("take_back", () => ({ recording: isOne ? this.index : null })); }
  split() { return this.act("split", () => this.code >= 0 && { action: this.code }); }
  cut() {
    const { start } = this.bar, isAtStart = Math.abs(start[this.segment] - this.time) < this.stage.step / 2;
    if (isAtStart) return this.say("Put the cursor inside of the segment, where it is to be cut: click into the signals, or press the full stop.");
    return this.act("cut", () => ({ recording: this.index, time: this.time }));
  }
  move(from, to) { const { index } = this; return this.act("move", () => ({ recording: index, time: from, to })); }
  export() { this.close(); this.say(PHASES.exporting); return this.act("export", () => ({ format: this.find(".export select").value })); }

  rename(name) {
    const { code } = this, isOther = name && name !== this.data.names[code];
    this.root.focus();
    if (isOther) this.act("rename", () => ({ action: code, name })).then(() => this.drawSegment());
  }

  merge() {
    this.isMerging = !this.isMerging && this.code >= 0;
    this.drawSegment();
  }

  // Gives the stretch or segment an action, or merges its action into that one.
  give(action) {
    const { index: recording, time, code, isMerging, large: { picked } } = this;
    this.isMerging = false;
    this.drawSegment();
    if (picked && !isMerging) return this.holding.assign(recording, [picked[0], picked[1] - this.stage.step], action);
    if (action === code) return this.lastAct;
    return isMerging ? this.act("merge", () => ({ action: code, into: action })) : this.act("relabel", () => ({ recording, time, action }));
  }

  // A key changes what is seen to be chosen.
  pick(number) {
    const { picked, view: { from, to } } = this.large;
    const [start, end] = picked ?? [this.bar.start[this.segment], this.endOf(this.segment)];
    if (start >= to || end <= from) {
      this.large.playhead(this.time);
      this.say("The chosen segment was not in view, and is as it was.");
      return;
    }
    const code = this.codeOf(number);
    if (!this.isMerging || code in this.data.names && code !== BACKGROUND) this.give(code);
  }

  // A number without an action is that of a new one.
  codeOf(number) {
    const codes = this.codes();
    return number === BACKGROUND ? BACKGROUND : codes[number] ?? (codes.at(-1) ?? -1) + 1 + number - codes.length;
  }

  propose() { return this.act("take_proposal", () => ({ recording: this.index })); }
  unite(isOne) { this.alike.answer(isOne); }
  exemplify() { if (this.examples.isOn) this.examples.stop(); else if (this.code >= 0) this.examples.start(this.code); }

  // Moves the start or the end of the segment by so many frames, and the cursor with it
  // unless that has gone elsewhere.
  edge(by, isEnd) {
    let number = 0, time = 0;
    return this.act("move", () => {
      ({ time } = this);
      number = this.segment + (isEnd ? 1 : 0);
      const { start } = this.bar, from = start[number], to = from + by * this.stage.step, near = this.stage.step / 2;
      if (!(number > 0) || from === undefined) return false;
      const isRoom = to > start[number - 1] + near && to < this.endOf(number) - near;
      if (!isRoom) this.say("The boundary would pass the next one. Press the number of another action to join two segments.");
      return isRoom && { recording: this.index, time: from, to };
    }).then(() => { if (number && time === this.time && number in this.bar.start) this.stage.seek(this.bar.start[number] - (isEnd ? this.stage.step : 0)); });
  }

  // ---- keys and dialogues

  press(event) {
    if (this.find("dialog[open]") || this.large?.edit) return;  // Timelines move a boundary that is taken
    const { key, shiftKey, altKey, ctrlKey, metaKey } = event, isLetter = /^[a-z]$/i.test(key);
    const parts = [(ctrlKey || metaKey) && "Ctrl", altKey && "Alt", shiftKey && (isLetter || key.startsWith("Arrow") || key === "Enter") && "Shift", isLetter ? key.toLowerCase() : key];
    const name = parts.filter(Boolean).join("+"), isField = event.target.matches("input:not([type=checkbox]), select");
    const [method, ...values] = BY_KEY[name] ?? [], isLater = !this.data?.ready && (this.kept.length || !this.data?.rows.length || !LOOKS.includes(method));
    const isHeld = event.repeat || method === "pick" && this.stage.isPlaying;  // no single press
    if (isLater && !isField && !isHeld && (this.kept.length ? method || name.length === 1 : method)) this.kept.push(event);  // letters may be of a name
    if (!method || isField && key !== "Escape" || event.target.matches("button, summary, input") && [" ", "Enter"].includes(key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (isLater) return;
    if (!isField && this.examples.press(name)) return;
    if (method === "pick" && this.stage.isPlaying && !this.examples.isOn) { this.holding.begin(this.codeOf(...values), key); return; }
    if (method !== "pick") { this[method](...values); return; }
    if (event.repeat) return;
    this.holding.down = key;
    // without labels it waits until the key is left: one may hold it before it plays
    if (this.code === UNLABELLED && !this.large.picked) this.holding.later = () => this.pick(...values);
    else this.pick(...values);
  }

  // Keys that were pressed before all was read, and the letters that went into a field.
  replay() {
    let isPlayed = false;
    for (const event of this.kept.splice(0)) {
      const field = this.find("input:focus"), { key } = event;
      if (!field && key === " ") isPlayed = !isPlayed;
      if (!field && (key === " " || isPlayed && key in [..."0123456789"])) continue;  // it would label what is played, and is not
      if (!field || key === "Escape") { this.press(event); this.holding.release(key); }
      else if (key.length === 1) field.setRangeText(key, field.selectionStart, field.selectionEnd, "end");
      else if (key === "Enter" && field.form) field.form.requestSubmit();
      else if (key === "Enter") field.dispatchEvent(new Event("change"));
    }
  }

  focus(selector) { this.find(selector).focus(); this.find(selector).select(); }

  cancel() {
    this.holding.cancel();
    this.units.choose(null);
    this.isMerging = this.find(".features").open = false;
    this.find(".name").value = this.data.names[this.code] ?? "";
    this.root.focus();
    this.drawSegment();
  }

  ask(name) {
    const dialog = this.find(`.${name}`);
    dialog.showModal();
    dialog.scrollTop = 0;  // not where the focus is
  }

  close() { this.find("dialog[open]").close(); }

  // ---- drawing

  codes() { return Object.keys(this.data.names).map(Number).filter((code) => code >= 0).sort((a, b) => a - b); }

  // Puts elements into a list, and the focus where it was in it.
  fill(selector, made) {
    const list = this.find(selector), key = list.querySelector(":focus")?.dataset.key;
    list.replaceChildren(...made.map((parts) => element("li", {}, ...parts)));
    if (key) [...list.querySelectorAll("button")].find((button) => button.dataset.key === key)?.focus();
  }

  button(key, onclick, ...content) {
    const made = element("button", { onclick }, ...content);
    made.dataset.key = key;
    return made;
  }

  draw() {
    const { data, find, pages = 1 } = this, { accuracy, rows } = data;
    this.root.dataset.version = data.version;
    this.root.classList.toggle("empty", !rows.length || this.row === UNREAD);
    find("h1").textContent = find("h1").title = data.title ?? "Review";
    for (const name of ["undo", "redo"]) {
      find(`[data-by=${name}]`).disabled = !data[name];
      find(`[data-by=${name}]`).title = data[name] ? `${name === "undo" ? "Undo" : "Redo"}: ${data[name]} (${name === "undo" ? "Z" : "Shift + Z"})` : `Nothing to ${name}`;
    }
    find("[data-by=learn]").disabled = !data.ready || !data.checks && !rows.some((row) => row.hand?.includes(1));
    const [fitted, ended, all] = data.fits ?? [], failed = ended - fitted;
    find(".fits").textContent = all && !data.learned ? `fits: ${ended} of ${all}${failed ? `, ${failed} failed` : ""}${fitted ? ", F shows one" : ""}` : "";
    find("[data-by=export]").disabled = !data.ready;
    find(".pages").textContent = pages > 1 ? `also open in ${count(pages - 1, "other window")}` : "";
    find(".swap").hidden = !this.row?.video;
    find(".swap").textContent = find("video").hidden ? "Video" : "Signals";
    find(".figure").hidden = !data.ready;
    find(".figure").textContent = [accuracy?.sentences[0] ?? "How much is right is known when all is checked.", data.equalParts, data.note].filter(Boolean).join(" ");
    this.steps.draw();
    this.drawHead();
    this.alike.draw();
    if (!this.row) return;
    this.drawSegment();
    this.drawLists();
  }

  // What the large timeline shows, and its marks.
  drawHead() {
    const { find, row, data } = this;
    find(".head h2").textContent = find(".head h2").title = this.root.classList.contains("empty") ? `${PHASES[data.phase] ?? ""}…` : row.name;
    if (!row) return;
    const { name, checked } = this.units.target, cycle = this.units.areCycles && this.units.rows[this.units.at(this.index, this.time)];
    if (cycle) find(".head h2").textContent = find(".head h2").title = `cycle ${cycle.number} of ${row.name}`;
    find(".check").textContent = checked ? `✓ Checked: ${name}` : `Mark ${name === "recording" ? "" : `${name} `}as checked`;
    find(".check").setAttribute("aria-pressed", checked);
    const mark = (kind, words) => element("span", {}, element("i", { className: kind }), words), marks = [];
    if (row.doubt.start.length) marks.push(mark("doubtful", "the model is in doubt (less than 50 %)"));
    if (row.hand?.includes(1)) marks.push(mark("byHand", "set by hand"));
    if (row.stretches?.length) marks.push(mark("done", "checked"));
    if (row.truth) marks.push(element("span", {}, "Upper bar: new, after learning. Lower bar: before."));
    find(".legend").replaceChildren(...marks);
    const rows = this.units.rows, has = (test) => rows.some(test), words = [];
    if (has((own) => own.checked)) words.push(`${MARKS.checked} checked`);
    if (has((own) => !own.checked && own.stretches?.length)) words.push(`${MARKS.some} partly`);
    if (has((own) => own.changed)) words.push(`${MARKS.changed} changed by learning`);
    find(".marks").textContent = words.join("   ");
  }

  drawSegment() {
    const { find, code, segment, bar, row, isMerging } = this, isAction = code >= 0, { names } = this.data;
    const name = code === BREAK ? "break" : this.data.words[code], start = bar.start[segment] ?? 0, end = this.endOf(segment);
    const isByHand = row.hand?.[segment], sure = code === UNLABELLED ? "not labelled" : `confidence ${Math.round(100 * bar.confidence[segment])} %`;
    find(".segment .k").replaceWith(this.large.swatch(code));
    if (!find(".name:focus")) find(".name").value = name;
    find(".name").disabled = !isAction;
    const day = this.large.clockSpan(row, start, end);
    find(".facts").replaceChildren(`${this.length(end - start)}, ${this.isChecked(start, end) ? "checked" : isByHand ? "by hand" : sure}`, ...(day ? [element("br"), day] : []));
    const bounds = row.interval?.[segment];
    find(".facts").title = bounds ? `90 % interval of the start, by the model: ${this.large.fromTo(...bounds)}` : "";
    find(".told").textContent = `${name}, ${this.large.span(start, end)}, ${row.name}`;
    [start, end].forEach((time, i) => { this.root.querySelectorAll(".edges output")[i].value = this.large.at(time); });
    for (const button of this.root.querySelectorAll("[data-do=edge]")) button.disabled = button.dataset.end ? segment + 1 >= bar.start.length : !segment;
    for (const what of ["split", "merge", "exemplify"]) find(`[data-do=${what}]`).disabled = !isAction;
    find("[data-do=merge]").setAttribute("aria-pressed", isMerging);
    find(".actions").classList.toggle("merging", isMerging);
    find(".actions h2").textContent = isMerging ? `Merge “${name}” everywhere into` : "Action of this segment";
    find(".actions form").hidden = isMerging;
    const choices = this.codes().map((own, i) => [own, i < 9 ? i + 1 : ""]);
    if (!isMerging) choices.push([BACKGROUND, 0]);
    this.fill(".actions ol", choices.map(([own, number]) => {
      const made = this.button(own, () => this.give(own), this.large.swatch(own), element("span", {}, names[own]), element("kbd", {}, String(number)));
      made.setAttribute("aria-current", own === code);
      return [made];
    }));
  }

  drawLists() {
    const { rows, next, names } = this.data, changed = [...rows.keys()].filter((index) => rows[index].changed);
    changed.sort((a, b) => rows[b].share - rows[a].share);
    const listed = JSON.stringify([changed.map((index) => [index, rows[index].share]), next, names]);
    if (listed === this.listed) return;
    this.listed = listed;
    const to = (index) => Object.assign(this.button(index, () => this.go(index), rows[index].name), { title: rows[index].name });
    const does = (index, name, sign, words) => {
      const made = this.button(`${index} ${name}`, () => this.act(name, () => ({ recording: index })), sign);
      made.title = made.ariaLabel = `${words}: ${rows[index].name}`;
      return made;
    };
    this.find(".changed").hidden = !changed.length;
    this.find(".changed h2").textContent = `Learning changed ${count(changed.length, "recording")}`;
    const part = (index) => element("small", {}, ` ${Math.ceil(100 * rows[index].share)} %`);
    this.fill(".changed ul", changed.map((index) => [to(index), part(index), does(index, "keep", "✓", "Keep"), does(index, "take_back", "✕", "Take back")]));
    this.fill(".next ol", next.map((own) => {
      const { recording, from } = own, cycle = this.units.rows[this.units.at(recording, from)];
      const name = this.units.areCycles && cycle ? cycle.name : rows[recording].name;
      return [this.button(`next ${recording} ${from}`, () => this.look(own), element("span", {}, name, element("small", {}, why(own, names))))];
    }));
  }
}
