// Plays bouts of an action one after the other: the typical ones, then the doubtful ones.

import { element } from "./timelines.js";

const REST = 600;  // milliseconds between two bouts
const BESIDE = 0.5;  // of a bout that is seen before and after it

export class Examples {
  constructor(page) {
    Object.assign(this, { page, bouts: [], place: 0, isOn: false, waiting: 0 });
    const button = (text, title, onclick) => element("button", { title, ariaLabel: title, onclick }, text);
    this.said = element("output", {});
    const controls = [button("‹", "example before (←)", () => this.go(-1)), button("›", "next example (→)", () => this.go(1)), button("✕", "stop (Esc)", () => this.stop())];
    this.bar = element("div", { className: "examples", hidden: true }, this.said, element("div", { className: "buttons" }, ...controls));
    page.find(".head").append(this.bar);
    const play = element("button", {}, "▶ Examples");
    play.dataset.do = "exemplify";
    page.find(".segment .buttons").after(element("div", { className: "buttons" }, play));
  }

  async start(action) {
    const { page } = this, reply = await page.question("examples", { action });
    if (reply.error) return;
    Object.assign(this, { bouts: reply.bouts, action });
    if (reply.bouts.length) this.show(0);
    else page.say(`There is no bout of ${page.data.names[action]}.`);
  }

  show(place) {
    const { page, bouts } = this, { recording, from, to, kind } = bouts[place], margin = BESIDE * (to - from);
    const name = page.data.names[this.action], span = page.large.span(from, to);
    this.wait(null);
    page.stage.pause();
    Object.assign(this, { place, isOn: true });
    this.bar.hidden = false;
    this.said.value = `${place + 1} of ${bouts.length}, ${kind}: ${name}, ${page.data.rows[recording].name}, ${span}`;
    page.go(recording, from);
    page.large.setRange(from - margin, to + margin);
    page.stage.play();
  }

  go(by) {
    const place = this.place + by;
    if (place in this.bouts) this.show(place); else if (by > 0) this.stop();
  }

  // What is played reaches a time.
  follow(time) {
    const { page: { stage }, bouts, place } = this;
    if (!this.isOn || !stage.isPlaying || time < bouts[place].to - stage.step / 2) return;
    stage.pause();
    this.wait(() => this.go(1));
    stage.seek(bouts[place].to - stage.step * 0.9);  // in the last frame, to be corrected
  }

  wait(then) {
    clearTimeout(this.waiting);
    if (then) this.waiting = setTimeout(then, REST);
  }

  stop() {
    if (!this.isOn) return;
    this.wait(null);
    this.isOn = false;
    this.bar.hidden = true;
    this.page.stage.pause();
    this.page.whole();
  }

  // Keys that differ while it plays; whether this was one.
  press(name) {
    if (!this.isOn) return false;
    if (name === "ArrowRight") this.go(1);
    else if (name === "ArrowLeft") this.go(-1);
    else if (name === "Escape") this.stop();
    else return false;
    return true;
  }
}
