// Actions that look alike, one pair at a time, to be merged or not.

import { element } from "./timelines.js";

export class Alike {
  constructor(page) {
    Object.assign(this, { page, pairs: [], asked: "" });
    const button = (text, title, onclick) => element("button", { title, onclick }, text);
    this.text = element("p", {});
    this.plays = element("div", { className: "buttons" });
    const yes = button("One action", "merge them (U)", () => this.answer(true));
    const no = button("Two actions", "do not suggest this again (Shift + U)", () => this.answer(false));
    const buttons = element("div", { className: "buttons" }, yes, no);
    this.section = element("section", { className: "alike", hidden: true }, element("h2", {}, "One action or two?"), this.text, this.plays, buttons);
    page.find(".actions").after(this.section);
  }

  // Asks again if the model or an answer is another, one question at a time.
  async draw() {
    const { page } = this, { data } = page;
    this.show();
    if (!data.ready || data.phase || this.isAsking || this.asked === data.alike) return;
    this.isAsking = true;
    this.asked = data.alike;
    const reply = await page.question("alike");
    this.isAsking = false;
    this.pairs = reply.pairs ?? [];
    this.draw();
  }

  get pair() { return this.pairs.find(({ actions }) => actions.every((code) => code in this.page.data.names)); }

  show() {
    const { pair, page } = this, key = JSON.stringify([pair, page.data.names]);
    this.section.hidden = !pair;
    if (!pair || key === this.shown) return;
    this.shown = key;
    const names = pair.actions.map((code) => page.data.names[code]), share = Math.round(100 * pair.score);
    this.text.textContent = `“${names[0]}” and “${names[1]}” look alike: the signals tell their frames apart in ${share} of 100 cases, and 50 is chance.`;
    this.plays.replaceChildren(...pair.actions.map((code, i) => element("button", { title: `examples of ${names[i]}`, onclick: () => page.examples.start(code) }, "▶ ", page.large.swatch(code), ` ${names[i]}`)));
  }

  answer(isOne) {
    const { pair, page } = this;
    if (!pair) { page.say("No actions look alike."); return; }
    const [into, action] = pair.actions;
    this.pairs = this.pairs.filter((own) => own !== pair);
    this.show();
    if (isOne) page.act("merge", () => ({ action, into }));
    else page.act("keep_apart", () => ({ action: into, other: action }));
  }
}
