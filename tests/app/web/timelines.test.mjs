import assert from "node:assert/strict";
import { test } from "node:test";

import { AXIS, WIDTH, open, rowOf, send, settle, timelines } from "./fake_page.mjs";

const { arranged, boundaryAt, niceStep, painted, placed, segmentAt, BREAK } = timelines;
const Y = AXIS + 40;  // within the first row, where it is tall

test("a segment is found where a scan finds it", () => {
  for (let n = 1; n < 30; n += 1) {
    const starts = Array.from({ length: n }, (_, i) => i * i / 3);
    for (let value = 0; value < n * n / 3 + 1; value += 0.25) {
      assert.equal(segmentAt(starts, value), starts.findLastIndex((start) => start <= value));
    }
  }
});

test("steps of the axis are round and not less than asked for", () => {
  assert.equal(niceStep(0.3, 10), 0.5);
  assert.equal(niceStep(61, 10), 120);
  assert.equal(niceStep(4000, 10), 5000);
  assert.equal(niceStep(0.3, null), 1);
  assert.equal(niceStep(130, null), 200);
});

test("the nearest boundary within reach is taken, none at the start or at a break", () => {
  const bar = { start: [0, 10, 11, 50, 60], code: [0, 1, 0, BREAK, 2] };
  assert.equal(boundaryAt(bar, 10.4, 2), 1);
  assert.equal(boundaryAt(bar, 10.6, 2), 2);
  assert.equal(boundaryAt(bar, 13, 1.5), -1);
  for (const value of [0.5, 50, 60]) assert.equal(boundaryAt(bar, value, 2), -1);
  assert.equal(boundaryAt({ start: [], code: [] }, 3, 2), -1);
});

test("a boundary is placed on a frame and leaves one on both sides", () => {
  const bar = { start: [0, 10, 20] };
  assert.equal(placed(bar, 100, 1, 12.34, 10), 12.3);
  assert.equal(placed(bar, 100, 1, -5, 10), 0.1);
  assert.equal(placed(bar, 100, 1, 30, 10), 19.9);
  assert.equal(placed(bar, 100, 2, 300, null), 99);
});

test("what a held key gives an action is that from one time to another, but for breaks", () => {
  const row = { ...rowOf("a", [0, 10, 20, 50, 60], [0, 1, BREAK, 1, 2]), hand: [0, 0, 0, 0, 0] };
  for (const [from, to, start, code, hand] of [
    [0, 3, [0, 3, 10, 20, 50, 60], [2, 0, 1, BREAK, 1, 2], [1, 0, 0, 0, 0, 0]],
    [5, 55, [0, 5, 20, 50, 55, 60], [0, 2, BREAK, 2, 1, 2], [0, 1, 0, 1, 0, 0]],
    [50, 52, [0, 10, 20, 50, 52, 60], [0, 1, BREAK, 2, 1, 2], [0, 0, 0, 1, 0, 0]],
    [55, 100, [0, 10, 20, 50, 55], [0, 1, BREAK, 1, 2], [0, 0, 0, 0, 1]],
  ]) {
    const shown = painted(row, from, to, 2);
    assert.deepEqual([shown.prediction.start, shown.prediction.code, shown.hand], [start, code, hand]);
  }
});

test("rows are filtered, and sorted with ties as given", () => {
  const rows = [["Tea 10", 5, 0.2, true], ["cup", 9, 0.5, false], ["tea 9", 5, 0.1, false]].map(
    ([name, end, confidence, checked]) => ({ name, end, confidence, checked, deviation: 0 }),
  );
  assert.deepEqual(arranged(rows, "name"), [1, 2, 0]);
  assert.deepEqual(arranged(rows, "duration"), [1, 0, 2]);
  assert.deepEqual(arranged(rows, "doubt"), [2, 0, 1]);
  assert.deepEqual(arranged(rows, "checked"), [2, 1, 0]);
  assert.deepEqual(arranged(rows, "deviation", " TEA"), [0, 2]);
});

test("each pixel has the colour of the segment below its middle", () => {
  const made = open([rowOf("a", [0, 30.04, 30.06, 60], [0, 1, 2, -1]), rowOf("b", [0], [2], { end: 50 })]);
  made.setRange(20, 70);
  settle();
  const { images } = made.strip.pen, image = images.at(-1), pixels = new Uint32Array(image.data.buffer);
  const left = made.gutter, columns = WIDTH - left;
  assert.equal(image.width, columns);
  for (let x = 0; x < columns; x += 1) {
    const time = 20 + (x + 0.5) * 50 / columns;
    const code = time < 30.04 ? 0 : time < 30.06 ? 1 : time < 60 ? 2 : -1;
    assert.equal(pixels[x], code < 0 ? 0 : (255 << 24 | code + 1 << 16) >>> 0, `at ${time}`);
    assert.equal(pixels[columns + x] > 0, time < 50);
  }
});

const edited = (options = {}) => {
  const told = [], tell = (name) => (...values) => { told.push([name, ...values]); };
  const does = { onMove: tell("move"), onChoose: tell("choose"), onSeek: tell("seek"), ...options };
  const made = open([rowOf("a", [0, 20, 50], [0, 1, 0])], { large: true, editable: true, ...does });
  return { made, told, canvas: made.canvas, starts: () => made.bars(made.lines[0])[0].start };
};

test("a boundary that is dragged is shown where it is, and told when it is dropped", async () => {
  let arrive;
  const moved = [];
  const { made, canvas, starts } = edited({
    onMove: (...values) => new Promise((resolve) => { moved.push(values); arrive = resolve; }),
  });
  send(canvas, "pointerdown", { clientX: 203, clientY: Y });
  send(canvas, "pointermove", { clientX: 254, clientY: Y });
  assert.deepEqual(starts(), [0, 25.1, 50]);
  assert.deepEqual(moved, []);
  send(canvas, "pointermove", { clientX: 900, clientY: Y });
  assert.deepEqual(starts(), [0, 49.9, 50]);
  send(canvas, "pointermove", { clientX: 303, clientY: Y });
  send(canvas, "pointerup", { clientX: 303, clientY: Y });
  assert.deepEqual(moved, [[0, 20, 30]]);
  assert.deepEqual(starts(), [0, 30, 50]);  // until the answer is there
  send(canvas, "pointerdown", { clientX: 500, clientY: Y });
  send(canvas, "pointermove", { clientX: 600, clientY: Y });
  send(made.host, "keydown", { key: "Escape" });
  assert.deepEqual(starts(), [0, 30, 50]);  // one at a time, and it is under way
  arrive();
  await new Promise(setImmediate);
  assert.deepEqual(starts(), [0, 20, 50]);
  assert.equal(made.edit, null);
});

test("a boundary is back if it was not allowed", async () => {
  const { made, starts } = edited({ onMove: () => Promise.reject(new Error("no")) });
  made.take(0, 2);
  made.moveEdit(55);
  await assert.rejects(made.drop(), /no/);
  assert.deepEqual(starts(), [0, 20, 50]);
  assert.equal(made.edit, null);
});

test("Escape, another row from elsewhere and a cancelled touch put a boundary back", () => {
  const { made, told, canvas, starts } = edited();
  const undo = [
    () => send(made.host, "keydown", { key: "Escape" }),
    () => send(canvas, "pointercancel"),
    () => made.update(0, rowOf("a", [0, 20, 50], [0, 1, 0])),
  ];
  for (const does of undo) {
    send(canvas, "pointerdown", { clientX: 500, clientY: Y });
    send(canvas, "pointermove", { clientX: 550, clientY: Y });
    assert.deepEqual(starts(), [0, 20, 55]);
    does();
    assert.deepEqual(starts(), [0, 20, 50]);
    send(canvas, "pointerup", { clientX: 550, clientY: Y });
  }
  assert.deepEqual(told.filter(([name]) => name === "move"), []);
});

test("a click chooses the segment and seeks, the axis seeks, also in a drag", () => {
  const { made, told, canvas } = edited();
  send(canvas, "pointerdown", { clientX: 300, clientY: Y });
  send(canvas, "pointerup", { clientX: 300, clientY: Y });
  assert.deepEqual(told.splice(0), [["seek", 0, 30], ["choose", 0, 1, 30]]);
  assert.deepEqual(made.cursor, { index: 0, bar: 0, segment: 1 });
  send(canvas, "pointerdown", { clientX: 400, clientY: 5 });
  send(canvas, "pointermove", { clientX: 2000, clientY: Y });
  send(canvas, "pointerup", { clientX: 2000, clientY: Y });
  assert.deepEqual(told, [["seek", 0, 40], ["seek", 0, 100]]);
});

test("a click beside a boundary chooses what is under it, and a short segment from near by", () => {
  const { made, told, canvas } = edited(), width = made.toX(1) - made.toX(0);
  made.update(0, rowOf("a", [0, 20, 50, 50.2], [0, 1, 2, 0]));
  for (const [clientX, segment] of [[20 * width - 2, 0], [20 * width + 2, 1], [50 * width - 3, 2], [50.2 * width + 3, 2], [51 * width, 3]]) {
    send(canvas, "pointerdown", { clientX, clientY: Y });
    send(canvas, "pointermove", { clientX: clientX + 4, clientY: Y });
    send(canvas, "pointerup", { clientX, clientY: Y });
    assert.equal(made.cursor.segment, segment);
    const [name, , time] = told.at(-2);
    assert.deepEqual([name, segmentAt([0, 20, 50, 50.2], time)], ["seek", segment]);
  }
  assert.equal(made.edit, null);
});

test("arrow keys walk and say where they are, Enter chooses", () => {
  const { made, told } = edited();
  const press = (key) => { send(made.host, "keydown", { key }); return made.said.textContent; };
  press("ArrowDown");
  assert.equal(press("ArrowRight"), "pour, 20.00 – 50.00 s (30.00 s), a");
  assert.deepEqual(told, [["seek", 0, 0], ["seek", 0, 20]]);
  press("Enter");
  assert.deepEqual(told.at(-1), ["choose", 0, 1, 20]);
  send(made.host, "blur");
  assert.equal(made.cursor.segment, 1);  // it stays chosen
  made.update(0, rowOf("a", [0, 10, 22, 50], [0, 1, 2, 0]));
  assert.equal(made.cursor.segment, 2);  // that of the same time
});

test("a drag across zooms, the wheel zooms about the mouse, keys show all again", () => {
  const made = open([rowOf("a", [0], [0])]), { canvas, host, view } = made;
  const time = (x) => made.toValue(x);
  const [from, to] = [time(300), time(600)];
  send(canvas, "pointerdown", { clientX: 600, clientY: Y });
  send(canvas, "pointermove", { clientX: 300, clientY: Y });
  send(canvas, "pointerup", { clientX: 300, clientY: Y });
  assert.deepEqual([view.from, view.to], [from, to]);
  const about = time(400);
  send(host, "wheel", { clientX: 400, deltaY: -50, ctrlKey: true });
  assert.ok(view.to - view.from < to - from);
  assert.ok(Math.abs(time(400) - about) < 1e-9);
  send(host, "keydown", { key: "0" });
  assert.deepEqual([view.from, view.to], [0, 100]);
});

test("a drag that goes on over the names ends where rows start", () => {
  const made = open([rowOf("a long name", [0], [0])]), { canvas, view } = made, to = made.toValue(600);
  send(canvas, "pointerdown", { clientX: 600, clientY: Y });
  send(canvas, "pointermove", { clientX: 2, clientY: Y });
  send(canvas, "pointerup", { clientX: 2, clientY: Y });
  assert.deepEqual([view.from, view.to], [0, to]);
});

test("what is seen follows the playhead, and is told", () => {
  const ranges = [];
  const { made } = edited({ onRange: (...range) => ranges.push(range) });
  made.setRange(0, 20);
  made.playhead(50);
  settle();
  assert.ok(made.view.from < 50 && 50 < made.view.to);
  assert.deepEqual(ranges.at(-1), [made.view.from, made.view.to]);
});

test("of many rows, each is tall enough for its name", () => {
  const { lines } = open(Array.from({ length: 600 }, (_, i) => rowOf(`${i}`, [0], [0])));
  assert.ok(lines[1].top - lines[0].top >= 12);
});

test("a row is another", () => {
  const shown = [];
  const made = open([rowOf("a", [0], [0]), rowOf("b", [0], [0])], { onShown: (...n) => shown.push(n) });
  made.filter("c");
  made.update(1, rowOf("c", [0, 5], [0, 1], { end: 200 }));
  settle();
  assert.deepEqual(shown.at(-1), [1, 2]);
  assert.equal(made.host.dataset.rows, "1");
  assert.equal(made.view.to, 200);
});

test("keys zoom about the segment of the cursor, and where a filter leaves no row", () => {
  const truth = { start: [0, 80], code: [0, 1] };
  const made = open([rowOf("a", [0, 20], [0, 1], { truth })]), press = (key) => send(made.host, "keydown", { key });
  for (const key of ["ArrowDown", "ArrowDown", "ArrowRight", "+"]) press(key);
  const { from, to } = made.view;
  assert.deepEqual(made.cursor, { index: 0, bar: 1, segment: 1 });
  assert.ok(Math.abs((80 - from) / (to - from) - 0.8) < 1e-9);
  made.filter("x");
  press("+");
  assert.ok(made.view.to - made.view.from < to - from);
});

test("a second finger takes nothing, nor does its end", () => {
  const { made, told, canvas, starts } = edited();
  const touch = (type, pointerId, clientX) => send(canvas, type, { pointerId, clientX, clientY: Y, pointerType: "touch" });
  touch("pointerdown", 1, 500);
  touch("pointerdown", 2, 300);
  touch("pointermove", 2, 100);
  touch("pointerup", 2, 100);
  touch("pointermove", 1, 550);
  assert.deepEqual(starts(), [0, 20, 55]);
  touch("pointerup", 1, 550);
  assert.deepEqual(told, [["move", 0, 50, 55]]);
  assert.deepEqual([made.view.from, made.view.to], [0, 100]);
});

test("a row that is updated is drawn once", () => {
  const made = open([rowOf("a", [0], [0])]), count = () => made.strip.pen.images.length, before = count();
  made.update(0, rowOf("a", [0, 5], [0, 1]));
  settle();
  assert.equal(count(), before + 1);
});

test("times of day are rounded, as times are", () => {
  const row = rowOf("a", [0], [0], { clock: "2025-06-03T23:58:30.250" }), made = open([row], {}, { digits: 2 });
  assert.equal(made.clockSpan(row, 0.125, 89.747), "2025-06-03 23:58:30.38 – 00:00:00.00");
  assert.equal(made.clockOf(row, 0.625, 0), "2025-06-03T23:58:31.000");
  assert.equal(made.clockOf({}, 3), undefined);
});
