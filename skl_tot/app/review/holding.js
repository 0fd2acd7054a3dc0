// Labels while it plays: a key or a button that is held gives what is played an action,
// as one change when it is left.

import { BREAK, segmentAt } from "./timelines.js";

const INSIDE = 0.06;  // of a frame, by which times on the server may be rounded

// A row that shows an action from one time to another, and its breaks as before.
export function painted(row, from, to, action) {
  const { start, code, confidence = [] } = row.prediction, { end, hand = [] } = row;
  const old = (time) => segmentAt(start, time), isBreak = (i) => code[i] === BREAK;
  const isKept = (time) => time <= from || time >= to || isBreak(old(time)) || isBreak(old(time) - 1);
  const starts = [...new Set([...start, from, to])].filter((time) => time < end && isKept(time)).sort((a, b) => a - b);
  const isNew = starts.map((time) => time >= from && time < to && !isBreak(old(time)));
  const each = (value, values) => starts.map((time, i) => (isNew[i] ? value : values[old(time)]));
  return { ...row, hand: each(1, hand), prediction: { start: starts, code: each(action, code), confidence: each(1, confidence) } };
}

export class Holding {
  constructor(page) {
    Object.assign(this, { page, held: null, down: null, later: null, isLeft: false });
    const on = (target, ...listener) => target.addEventListener(...listener);
    on(page.root, "keyup", ({ key }) => this.release(key));
    on(page.root, "focusout", (event) => { if (!page.root.contains(event.relatedTarget)) this.cancel(); });
    on(window, "blur", () => this.cancel());
    on(page.find(".actions ol"), "pointerdown", (event) => {
      const button = event.target.closest("button");
      this.isLeft = false;
      if (button && !event.button && this.begin(+button.dataset.key, "pointer")) event.preventDefault();
    });
    on(window, "pointerup", () => { if (this.held?.by === "pointer") this.isLeft = !!this.finish(); });
    on(window, "pointercancel", () => { if (this.held?.by === "pointer") this.cancel(); });
    on(page.root, "click", (event) => {  // of the button that was held
      if (this.isLeft) event.stopPropagation();
      this.isLeft = false;
    }, { capture: true });
  }

  // While it plays; by a key of the keyboard, or the pointer.
  begin(action, by) {
    const { page } = this, { index, time } = page;
    if (this.held?.by === by || !page.stage.isPlaying || page.isMerging) return false;
    if (this.held) this.finish();  // another key before this one is left, so that no frame is between
    this.held = { action, by, index, from: time, to: time };
    this.later = null;
    this.follow(time);
    return true;
  }

  get span() { const { from, to } = this.held; return [Math.min(from, to), Math.max(from, to)]; }

  // Shows what is given so far; whether something is held.
  follow(time) {
    const { held, page } = this;
    if (!held) return false;
    if (page.index !== held.index) return this.cancel();
    held.to = time;
    const { step } = page.stage, whole = (value) => Math.floor(value / step + INSIDE), [from, to] = this.span.map(whole);
    const last = Math.min((to + 1) * step, page.row.end);
    page.large.update(0, painted(page.row, from * step, last, held.action));
    page.say(`${page.large.data.names[held.action]}: ${page.large.span(from * step, last)}; Esc cancels.`);
    return true;
  }

  // Of a key, which gives a segment without labels its action if it did not begin to play.
  release(key) {
    const { later } = this;
    if (this.down === key) { this.down = this.later = null; later?.(); }
    if (this.held?.by === key) this.finish();
  }

  finish() {
    const { held, span } = this;
    this.held = null;
    return this.assign(held.index, span, held.action);
  }

  // From a time in the first frame to one in the last.
  assign(recording, span, action) {
    const { page } = this, [time, to] = span.map((value) => Math.min(value + INSIDE * page.stage.step, page.row.end));
    return page.act("assign", () => ({ recording, time, to, action })).then(() => page.showRow());
  }

  cancel() {
    this.down = this.later = null;
    if (this.held) {
      this.held = null;
      this.page.say("");
      this.page.showRow();
      this.page.drawSegment();
    }
    return false;
  }
}
