// Faults of the files, which are shown before anything is labelled, until one answers.

import { element } from "./timelines.js";

const FILL = ["fill", "Fill empty cells"], CUT = ["cut", "Cut out"], BOTH = ["cut", "Fill and cut out"], LEAVE = ["leave", "Leave all as it is"];

export class Faults {
  constructor(page) {
    this.page = page;
    this.dialog = element("dialog", { className: "faults", ariaLabel: "Faults of the files" });
    this.dialog.addEventListener("cancel", (event) => event.preventDefault());  // which Esc would be
    page.root.append(this.dialog);
  }

  // Rows of texts, of which the first is the head; null without a question.
  show(rows) {
    if (!rows) { this.dialog.close(); return; }
    const [head, ...faults] = rows, has = (word) => faults.some((row) => row.at(-1) === word);
    const answers = has("filled") && has("cut out") ? [BOTH, FILL] : [has("filled") ? FILL : CUT];
    const line = (kind, cells) => element("tr", {}, ...cells.map((cell) => element(kind, {}, cell)));
    const buttons = [...answers, LEAVE].map(([how, words], i) => element("button", { className: i ? "" : "main", onclick: () => this.page.question("mend", { how }) }, words));
    this.dialog.replaceChildren(
      element("h2", {}, "Before you label: faults of the files"),
      element("div", {}, element("table", {}, element("thead", {}, line("th", head)), element("tbody", {}, ...faults.map((row) => line("td", row))))),
      element("p", {}, `“${answers[0][1]}” does what the last column says.${has("filled") ? " No fit accepts empty cells." : ""} Another answer is possible later, by --faults with the same folder: all labels stay.`),
      element("div", { className: "buttons" }, ...buttons),
    );
    if (!this.dialog.open) this.dialog.showModal();
  }
}
