// What a recording shows at a time: its video, or its signals, and what plays them.

import { between, element } from "./timelines.js";

const LANES = 6, LANE = 34, BINS = 1200, PACE = 25;  // frames a second of recordings without a rate

export class Stage {
  // calls: signals(values) -> Promise, range() -> {from, to}, onTime(time), onWheel(event), fail(text)
  constructor(place, chooser, calls) {
    Object.assign(this, { place, calls, time: 0, speed: 1, isPlaying: false, waiting: 0, kept: { shown: [] }, features: null });
    [this.video, this.canvas, this.line] = ["video", "canvas", ".playhead"].map((name) => place.querySelector(name));
    this.list = chooser;
    this.video.addEventListener("error", () => { if (this.isFilm) calls.fail("The video does not play in this browser."); });
    this.canvas.addEventListener("pointerdown", (event) => { this.canvas.setPointerCapture(event.pointerId); this.point(event); });
    this.canvas.addEventListener("pointermove", (event) => { if (event.buttons & 1) this.point(event); });
    this.canvas.addEventListener("wheel", (event) => calls.onWheel(event), { passive: false });
    new ResizeObserver(() => requestAnimationFrame(() => this.layout())).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  get isFilm() { return this.video.hasAttribute("src"); }
  // Seconds of the video in a unit of time, which is a frame if there is no rate.
  get unit() { return this.fps ? 1 : (this.video.duration || this.row.end) / this.row.end; }
  get step() { return this.fps ? 1 / this.fps : 1; }

  // Another recording, or the same with other segments.
  show(index, row, fps, address) {
    const isOther = index !== this.index;
    Object.assign(this, { index, row, fps });
    if (isOther) {
      this.pause();
      this.kept = { shown: [] };
      this.canvas.hidden = !(this.video.hidden = !address);
      if (address) this.video.src = address; else this.video.removeAttribute("src");
    }
    this.layout();
  }

  swap() {
    if (this.isFilm) this.canvas.hidden = !(this.video.hidden = !this.video.hidden);
    this.layout();
  }

  seek(time, isPlayed = false) {
    this.time = between(0, time, Math.max(0, this.row.end - this.step / 2));
    if (this.isFilm && !isPlayed) this.video.currentTime = (this.time + this.step / 10) * this.unit;  // inside of the frame
    this.place.dataset.time = this.time;
    this.putLine();
    this.calls.onTime(this.time);
  }

  play() {
    if (this.isPlaying) { this.pause(); return; }
    this.isPlaying = true;
    this.place.dataset.playing = "";
    if (this.time >= this.row.end - this.step) this.seek(0);
    if (this.isFilm) this.video.play().catch((problem) => { if (this.isPlaying) { this.pause(); this.calls.fail(problem.message); } });
    let before = performance.now();
    const own = this.run = {};  // else two would go on after a pause between two frames
    const tick = (now) => {
      if (!this.isPlaying || this.run !== own) return;
      const passed = (now - before) / 1000 * this.speed * (this.fps ? 1 : PACE);
      before = now;
      this.seek(this.isFilm ? this.video.currentTime / this.unit : this.time + passed, true);
      if (this.time >= this.row.end - this.step / 2 || this.isFilm && this.video.ended) this.pause();
      else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  pause() {
    this.isPlaying = false;
    this.video.pause();
    delete this.place.dataset.playing;
  }

  setSpeed(speed) { this.speed = this.video.defaultPlaybackRate = this.video.playbackRate = speed; }

  point(event) {
    const { from, to } = this.calls.range(), box = this.canvas.getBoundingClientRect();
    this.seek(from + (event.clientX - box.left) / box.width * (to - from));
  }

  putLine() {
    const { from, to } = this.calls.range();
    this.line.hidden = this.canvas.hidden || this.time < from || this.time > to;
    this.line.style.left = `${100 * (this.time - from) / (to - from)}%`;
  }

  layout() {
    this.list.parentElement.hidden = this.canvas.hidden;
    if (!this.row?.end) return;
    this.putLine();
    if (this.canvas.hidden) return;
    this.draw();
    this.fetch();
  }

  // One request at a time; what is wanted by then is asked after it.
  async fetch() {
    const { index, features } = this, { from, to } = this.calls.range(), n = between(1, this.canvas.clientWidth, BINS);
    const wish = { recording: index, from, to, n, features }, text = this.wish = JSON.stringify(wish);
    if (this.isAsking || text === this.kept.text) return;
    this.isAsking = true;
    const reply = await this.calls.signals(wish);
    this.isAsking = false;
    if (index === this.index) this.kept = { shown: [], ...reply, text };
    this.choose();
    this.draw();
    if (this.wish !== text) this.fetch();
  }

  // The list of all features, of which some are shown.
  choose() {
    const { list, kept } = this, names = new Set(kept.shown.map((feature) => feature.name));
    if (!list.children.length && kept.features) {
      list.append(...kept.features.map((name) => element("label", {}, element("input", { type: "checkbox", value: name }), name)));
      list.addEventListener("change", () => {
        const chosen = [...list.querySelectorAll(":checked")].map((box) => box.value);
        this.features = chosen.length ? chosen : null;
        this.layout();
      });
    }
    for (const box of list.querySelectorAll("input")) {
      box.checked = names.has(box.value);
      box.disabled = !box.checked && names.size >= LANES;
    }
  }

  draw() {
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      this.drawNow();
    });
  }

  drawNow() {
    const { canvas, kept } = this, ratio = window.devicePixelRatio || 1, { clientWidth: width, clientHeight: height } = canvas;
    if (canvas.hidden || !width || !this.row?.end) return;
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    const pen = canvas.getContext("2d"), style = getComputedStyle(this.place), { from, to } = this.calls.range();
    const colour = (name) => style.getPropertyValue(`--${name}`).trim(), x = (time) => (time - from) / (to - from) * width;
    pen.scale(ratio, ratio);
    pen.font = '11px system-ui, -apple-system, "Segoe UI", sans-serif';
    pen.fillStyle = colour("line");
    for (const start of this.row.prediction.start) if (start > from && start < to) pen.fillRect(x(start), 0, 1, height);
    const shown = kept.shown.slice(0, Math.max(1, Math.floor(height / LANE)));  // with room for their names
    const lane = height / shown.length, pad = 16;
    shown.forEach(({ name, low, high }, k) => {
      const seen = (values) => values.filter((value) => value !== null), part = (kept.to - kept.from) / low.length;
      const most = Math.max(...seen(high)), scale = (lane - pad - 4) / (most - Math.min(...seen(low)) || 1);
      const y = (value) => k * lane + pad + (most - value) * scale, wide = Math.max(1, x(part) - x(0));
      pen.fillStyle = colour("accent");
      low.forEach((value, i) => {  // each bin reaches to the next one, so that the line has no gap
        if (value === null) return;
        const top = y(Math.max(high[i], low[i + 1] ?? value)), foot = y(Math.min(value, high[i + 1] ?? value));
        pen.fillRect(x(kept.from + i * part), top, wide, Math.max(1.2, foot - top));
      });
      pen.fillStyle = colour("soft");
      pen.fillText(name, 4, k * lane + 11);
    });
  }
}
