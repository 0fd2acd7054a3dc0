// The alternatives of a vote side by side, of which one is taken.

import { Timelines, element } from "./timelines.js";

export class Alternatives {
  constructor(page) {
    Object.assign(this, { page, lines: [], isAsked: false, isRanked: false });
    this.button = element("button", { hidden: true }, "Alternatives…");
    this.button.dataset.do = "compare";
    page.find("[data-by=export]").before(this.button);
    this.columns = element("div", { className: "columns" });
    const words = "The recordings allow several results. Which one do you mean? You can undo this, and choose again until the model learns. Equal colours are about the same action.";
    this.dialog = element("dialog", { className: "alternatives", ariaLabel: "Alternatives" }, element("h2", {}, "Alternatives"), element("p", {}, words), this.columns);
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
    const { alternatives, ready, checked, checks, undo, redo } = this.page.data;
    this.button.hidden = !alternatives?.length;
    if (!ready) return;
    if (!this.isAsked && alternatives.length && !checked && !undo && !redo) this.show();
    if (checks && alternatives.length && !this.isRanked) this.rank();
    this.isAsked = true;
    this.isRanked = checks > 0;
  }

  // Once something is checked, says if another one has more of the labels.
  async rank() {
    const { alternatives: [best] = [] } = await this.page.question("alternatives");
    if (best && !best.is_own) this.page.say(`“${best.name}” is more like what you checked than the present one: B shows both.`);
  }

  async show() {
    const { page, columns } = this;
    if (this.dialog.open || !page.data.alternatives?.length) return;
    columns.textContent = "Labelling typical recordings…";
    this.dialog.showModal();
    const reply = await page.question("alternatives");
    if (!this.dialog.open) return;
    this.clear();
    if (reply.error) { this.dialog.close(); return; }
    const { fps, digits } = page.data, { names, appearance } = reply, common = { names, appearance, fps, digits };
    reply.alternatives.forEach(({ name, is_own: isOwn, sentences, rows }, i) => {
      const host = element("div", {});
      const take = element("button", { className: isOwn ? "main" : "", title: `take this one (${i + 1})`, onclick: () => this.take(name, isOwn) }, isOwn ? "Keep this" : "Take this");
      const list = element("ul", {}, ...sentences.map((text) => element("li", {}, text)));
      columns.append(element("section", {}, element("h3", {}, `${i + 1}. ${name}`), host, list, take));
      this.lines.push(new Timelines(host, { ...common, rows }, { label: `Typical recordings, ${name}`, titled: true }));
    });
    columns.querySelector("button.main").focus();
  }

  take(alternative, isOwn) {
    this.page.close();
    if (!isOwn) this.page.act("use_alternative", () => ({ alternative }));
  }
}
