// Rows of the list, which are recordings or their cycles, and what is checked next: a
// stretch that was chosen, the cycle at the cursor, or the recording.

import { BREAK, between, element, partOf, segmentAt, timeOfDay } from "./timelines.js";

const MARGIN = 0.15;  // of a cycle that is seen before and after it
const SNAP = 8;  // pixels from a boundary that a stretch is drawn to

// What sets an unusual recording or cycle apart, in the words of the report.
export function happened(reasons, names) {
  const one = ([code, text]) => `${names[code]}${text && ` ${text}`}${text === "before" ? " " : ", "}`;
  return reasons.map(([what, actions]) => [what, actions.map(one).join("")].filter(Boolean).join(": ").replace(/, $/, "")).join("; ");
}

// A recording or cycle, and the reasons why it is unusual, if it is.
const withReasons = (name, reasons, names) => [name, happened(reasons, names)].filter(Boolean).join("; ");

export class Units {
  constructor(page) {
    Object.assign(this, { page, rows: [], anchor: null });
    this.choice = element("select", {}, ...["cycles", "recordings"].map((value) => element("option", { value }, value)));
    this.why = element("span", {});
    this.label = element("label", { hidden: true }, "Show ", this.choice, this.why);
    this.choice.addEventListener("change", () => this.show());
    page.find(".tools").prepend(this.label);
  }

  get areCycles() { return this.page.data.cycles.length > 0 && this.choice.value === "cycles"; }
  get what() { return this.areCycles ? "cycle" : "recording"; }

  // All rows, after a choice or as others are there.
  show() {
    const { page } = this;
    this.label.hidden = !page.data.cycles.length;
    this.rows = this.areCycles ? this.cut() : page.data.rows;
    if (!this.areCycles) this.rows.forEach((row) => this.tell(row));
    const firsts = this.areCycles ? this.rows.map((row) => row.prediction.code[0]).sort() : [];
    this.why.textContent = firsts.length ? `as actions repeat, mostly from “${page.data.names[firsts[firsts.length >> 1]]}” on` : "";
    if (this.areCycles === this.were && page.small.data.rows.length) page.small.put(this.rows); else page.small.show(this.rows, this.usual());
    this.were = this.areCycles;
    if (page.large.data.rows.length) page.moveTo(page.time);
  }

  // After changes of recordings by their numbers.
  update(indices) {
    const { page } = this;
    if (this.areCycles || this.were) { this.show(); return; }
    for (const index of indices) page.small.update(index, this.tell(page.data.rows[index]));
  }

  // A recording whose tip says why it is unusual.
  tell(row) {
    if (row?.unusual) row.where = withReasons(row.name, row.unusual, this.page.data.names);
    return row;
  }

  // Cycles are as wide as most need, so that a long one does not hide the others.
  usual() {
    if (!this.areCycles) return undefined;
    const lengths = this.rows.map((row) => row.end).sort((a, b) => a - b);
    return 2.5 * lengths[lengths.length >> 1];
  }

  cut() {
    const { cycles, rows } = this.page.data, counts = {};
    return cycles.map(([index, from, to, deviation, checked, reasons]) => {
      const row = rows[index], number = counts[index] = (counts[index] ?? 0) + 1;
      const name = `${rows.length > 1 ? `${row.name}, ` : ""}cycle ${number}`;
      const clock = this.page.large.clockOf(row, from);
      const made = { ...partOf(row, from, to), index, from, to, number, name, deviation, checked, clock };
      const { prediction, truth } = made;
      made.changed = !!truth && JSON.stringify([prediction.start, prediction.code]) !== JSON.stringify([truth.start, truth.code]);
      const start = clock ? timeOfDay(this.page.large.clockOf(row, from, 0), 0) : this.page.large.at(from);
      made.where = withReasons(`${name}, from ${start}`, reasons, this.page.data.names);
      return made;
    });
  }

  // Number of the row that shows a time of a recording, -1 for none.
  at(index, time) {
    if (!this.areCycles) return index;
    return this.rows.findIndex((row) => row.index === index && row.from <= time && time < row.to);
  }

  cursor(index, time) {
    const number = this.at(index, time), row = this.rows[number];
    if (!row) return null;
    return { index: number, bar: 0, segment: segmentAt(row.origin ?? row.prediction.start, time) };
  }

  // Shows the recording of a row, at a time of the row.
  open(number, segment = null, time = 0) {
    const { page } = this, row = this.rows[number];
    if (!this.areCycles) { page.go(number, time); return; }
    page.go(row.index, segment === null ? row.from : row.origin[segment] + time - row.prediction.start[segment]);
    this.frame(row.from, row.to);
  }

  frame(from, to) {
    const { large } = this.page, margin = MARGIN * (to - from);
    large.setRange(from - margin, to + margin);
  }

  // ---- what is checked

  // Recording, start and end, how it is called, and whether it is checked.
  get target() {
    const { page: { index, time, large } } = this, { picked } = large;
    if (picked) {
      const [start, end] = picked;
      return { index, start, end, name: large.span(start, end), checked: this.page.isChecked(start, end) };
    }
    const cycle = this.areCycles && this.rows[this.at(index, time)];
    if (cycle) return { index, start: cycle.from, end: cycle.to, name: `cycle ${cycle.number}`, checked: cycle.checked };
    return this.whole;
  }

  get whole() {
    const { index, row } = this.page;
    return { index, start: 0, end: row.end, name: "recording", checked: !!row.checked };
  }

  // A stretch by the mouse, from and to boundaries that are near.
  pick(from, to) {
    const { page: { large, row, stage } } = this, { start } = row.prediction, reach = SNAP / large.scale();
    const snapped = (time) => {
      const before = segmentAt(start, time), near = [start[before], start[before + 1] ?? row.end].filter((own) => Math.abs(own - time) <= reach);
      return near.length ? near.at(-1) : between(0, Math.round(time / stage.step) * stage.step, row.end);
    };
    const ends = [from, to].map(snapped);
    this.choose(ends[0] < ends[1] ? ends : null);
  }

  choose(picked) {
    this.anchor = null;
    this.page.large.picked = picked;
    this.page.large.draw();
    this.page.draw();
  }

  // A stretch by keys, from the segment at the cursor on.
  extend(by) {
    const { page } = this, { bar: { start, code }, row } = page;
    const { anchor, last } = this.anchor ?? { anchor: page.segment, last: page.segment - by };
    const next = between(0, last + by, start.length - 1), [first, final] = [Math.min(anchor, next), Math.max(anchor, next)];
    if (code[next] === BREAK && (next + by) in start) { this.anchor = { anchor, last: next }; this.extend(by); return; }
    page.stage.seek(start[next]);
    this.choose([start[first], start[final + 1] ?? row.end]);
    this.anchor = { anchor, last: next };
  }
}
