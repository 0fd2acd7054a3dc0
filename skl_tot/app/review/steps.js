// The steps of a review in a line, which fills as one goes, and what comes next.

import { UNLABELLED, element } from "./timelines.js";

const FEW = 3;  // recordings or cycles that are enough for a first lesson
const UNNAMED = /^action \d+( \d+)*$/;
const PHASES_OF_WORK = ["Name actions", "Correct", "Mark as checked", "Learn"];

export class Steps {
  constructor(page) {
    this.page = page;
    this.lines = PHASES_OF_WORK.map((name) => element("li", {}, element("b", {}, name), element("span", {}), element("progress", { max: 1, ariaLabel: name })));
    this.hint = element("p", { className: "hint" });
    page.find("header").append(element("div", { className: "steps" }, element("ol", {}, ...this.lines), this.hint));
  }

  draw() {
    const { page, page: { data } } = this, { rows, checks, checked, units, learned } = data;
    this.hint.parentElement.hidden = !data.ready;
    if (!data.ready) return;
    const what = data.cycles.length ? "cycle" : units > 1 ? "recording" : "stretch";
    const names = page.codes().map((code) => data.names[code]), named = names.filter((name) => !UNNAMED.test(name)).length;
    const goal = data.fits ? 1 : what === "stretch" ? FEW : Math.min(FEW, units), fresh = Math.max(0, checks - learned);
    const edited = rows.filter((row) => row.hand?.includes(1)).length;
    const done = what === "stretch" ? checks : checked, all = what === "stretch" ? (rows[0].checked ? checks : 0) : units;
    const isAll = checked === units, changed = rows.filter((row) => row.changed).length;
    const parts = [
      [named / (names.length || 1), `${named} of ${names.length}`],
      [Math.min(1, Math.max(edited, checks) / goal), checks ? "" : edited ? "begun" : ""],
      [isAll ? 1 : learned ? done / (all || checks + FEW) : checks / goal, what === "stretch" ? `${checks}` : `${checked} of ${units}`],
      [learned ? learned / Math.max(learned, checks) : 0, learned ? (fresh ? `${fresh} new` : "✓") : ""],
    ];
    const [place, text] = this.next({ named, names, edited, checks, fresh, goal, learned, isAll, changed, what, isBlank: page.row?.prediction.code.includes(UNLABELLED), isTold: rows.some((row) => !row.prediction?.code.includes(UNLABELLED)) });
    this.lines.forEach((line, i) => {
      const [share, words] = parts[i];
      line.children[1].textContent = words;
      line.children[2].value = Math.min(1, share);
      if (i === place) line.setAttribute("aria-current", "step"); else line.removeAttribute("aria-current");
    });
    this.hint.textContent = text;
    this.hint.title = text;
  }

  // Place of the step, and a sentence.
  next({ named, names, edited, checks, fresh, goal, learned, isAll, changed, what, isBlank, isTold }) {
    const mark = what === "stretch" ? "Shift + → chooses a stretch, Enter marks it as checked" : "Enter marks it as checked";
    if (isAll) return [3, fresh ? "All is checked. L lets the model learn it; E exports." : "All is checked: export it with E."];
    const one = isTold ? "L labels all by the labels of others. Or label this one, too" : what === "stretch" ? "Label a part, such as one cycle" : "Label this one";
    if (isBlank && !checks) return [1, `${one}: Space plays, and 1, 2, … held give an action to what is played. R names it. Enter marks as checked what is labelled.`];
    if (!checks && !edited && named < names.length) return [0, named ? `Name the other ${names.length - named}: click a segment, press R. Or begin to correct.` : "Click a segment below, press R and type what it shows. The name is for all such segments."];
    if (changed) return [1, "The model has learned: look at what has changed, under “Learning changed”. Y keeps a change, T takes it back."];
    if (fresh >= goal) return [3, "Press L: the model learns from what you checked, and labels the rest."];
    if (fresh) return [2, `Check ${goal - fresh} more, which N shows; then the model learns best. Or press L now.`];
    const start = learned ? `N shows the ${what} to look at next.` : `Correct one ${what}: drag boundaries, or press the number of another action.`;
    return [edited && !learned ? 2 : 1, `${start} When all of it is right, ${mark}.`];
  }
}
