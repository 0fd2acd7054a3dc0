// The readings of a vote side by side, of which one is taken.

import { Timelines, element } from "./timelines.js";

export class Readings {
  constructor(page) {
    Object.assign(this, { page, lines: [], isAsked: false });
    this.button = element("button", { hidden: true }, "Readings…");
    this.button.dataset.do = "compare";
    page.find("[data-by=export]").before(this.button);
    this.columns = element("div", { className: "columns" });
    const words = "The recordings can be read in several ways. Which one do you mean? You can undo this, and choose again until the model learns.";
    this.dialog = element("dialog", { className: "readings", ariaLabel: "Readings" }, element("h2", {}, "Readings"), element("p", {}, words), this.columns);
    this.dialog.addEventListener("close", () => this.clear());
    this.dialog.addEventListener("keydown", (event) => { if (/^[1-9]$/.test(event.key)) this.columns.querySelectorAll("button")[event.key - 1]?.click(); });
    page.root.append(this.dialog);
  }

  destroy() { this.clear(); }

  clear() {
    for (const own of this.lines.splice(0)) own.destroy();
    this.columns.replaceChildren();
  }

  // The first time, if nothing is done yet, without being asked.
  draw() {
    const { readings, ready, checked, undo, redo } = this.page.data;
    this.button.hidden = !readings?.length;
    if (!ready || this.isAsked) return;
    this.isAsked = true;
    if (readings.length && !checked && !undo && !redo) this.show();
  }

  async show() {
    const { page, columns } = this;
    if (this.dialog.open || !page.data.readings?.length) return;
    columns.textContent = "Labelling the first recordings…";
    this.dialog.showModal();
    const reply = await page.question("readings");
    if (!this.dialog.open) return;
    this.clear();
    if (reply.error) { this.dialog.close(); return; }
    const { fps, digits } = page.data, { names, looks } = reply, common = { names, looks, fps, digits };
    reply.readings.forEach(({ name, sentences, rows }, i) => {
      const host = element("div", {}), isOwn = i === 0;
      const take = element("button", { className: isOwn ? "main" : "", title: `take this reading (${i + 1})`, onclick: () => this.take(name, isOwn) }, isOwn ? "Keep this" : "Take this");
      const list = element("ul", {}, ...sentences.map((text) => element("li", {}, text)));
      columns.append(element("section", {}, element("h3", {}, `${i + 1}. ${name}`), host, list, take));
      this.lines.push(new Timelines(host, { ...common, rows }, { label: `First recordings, ${name}` }));
    });
    columns.querySelector("button").focus();
  }

  take(reading, isOwn) {
    this.page.close();
    if (!isOwn) this.page.act("use_reading", () => ({ reading }));
  }
}
