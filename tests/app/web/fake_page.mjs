// As much of a browser as timelines need: boxes of a fixed size, and a pen that keeps
// what it is told.
import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";

export const WIDTH = 1000, AXIS = 26;

class Element extends EventTarget {
  constructor(tag) {
    super();
    Object.assign(this, { tag, dataset: {}, attributes: {}, children: [], style: { setProperty() {} }, scrollTop: 0 });
    Object.assign(this, { clientWidth: WIDTH, clientHeight: 400, classList: { add() {} }, captured: null });
  }

  get offsetHeight() { return parseInt(this.style.height, 10); }
  get textContent() { return this.text ?? this.children.map((child) => child.textContent ?? child).join(""); }
  set textContent(text) { this.text = text; }
  append(...content) { this.children.push(...content); }
  replaceChildren(...content) { this.children = content; }
  setAttribute(name, value) { this.attributes[name] = value; }
  setPointerCapture(id) { this.captured = id; }
  getBoundingClientRect() { return { left: 0, top: 0, width: WIDTH, height: 400 }; }
  getContext() { return (this.pen ??= makePen()); }
}

function makePen() {
  const pen = { images: [] };
  const does = { measureText: (text) => ({ width: 6 * text.length }) };
  does.createImageData = (width, height) => ({ width, data: new Uint8ClampedArray(4 * width * height) });
  does.putImageData = (image) => pen.images.push(image);
  return new Proxy(pen, { get: (own, name) => own[name] ?? does[name] ?? (() => {}) });
}

setMaxListeners(0);
let waiting = [];
export function settle() {
  while (waiting.length) for (const does of waiting.splice(0)) does();
}

const page = Object.assign(new EventTarget(), { createElement: (tag) => new Element(tag), documentElement: new Element("html") });
Object.assign(globalThis, {
  document: page,
  window: { devicePixelRatio: 1, innerHeight: 800, matchMedia: () => new EventTarget() },
  getComputedStyle: () => ({ getPropertyValue: () => "#000" }),
  requestAnimationFrame: (does) => waiting.push(does),
  cancelAnimationFrame: () => { waiting = []; },
  Path2D: class {},
  ResizeObserver: class { observe() {} disconnect() {} },
});

// The modules as one, as a browser gets them; files of these names are no modules for node.
const read = (name) => readFileSync(new URL(`../../../skl_tot/app/${name}.js`, import.meta.url), "utf8");
const source = read("web/timelines") + read("review/holding").replace(/^import .*$/m, "");
export const timelines = await import(`data:text/javascript;base64,${Buffer.from(source).toString("base64")}`);

const APPEARANCE = Object.fromEntries([0, 1, 2].map((code) => [code, { fill: `#00000${code + 1}`, ink: "#FFFFFF", hatch: 0 }]));

export function rowOf(name, start, code, more = {}) {
  const prediction = { start, code, confidence: start.map(() => 0.9) };
  return { name, end: 100, prediction, doubt: { start: [50], end: [60] }, confidence: 0.9, deviation: 1, ...more };
}

export function open(rows, options = {}, data = {}) {
  const names = { 0: "take", 1: "pour", 2: "stir", "-1": "background" };
  const host = new Element("div");
  const made = new timelines.Timelines(host, { rows, names, appearance: APPEARANCE, fps: 10, ...data }, options);
  settle();
  return made;
}

export function send(target, type, properties = {}) {
  const event = new Event(type, { cancelable: true });
  const known = { button: 0, pointerId: 7, pointerType: "mouse", clientX: 0, clientY: 0, deltaX: 0, deltaY: 0, ...properties };
  for (const [name, value] of Object.entries(known)) Object.defineProperty(event, name, { value });
  target.dispatchEvent(event);
  settle();
  return event;
}
