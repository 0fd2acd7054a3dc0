// The transport of the page over HTTP, and keys when nothing has the focus.

import { Page } from "./review.js";

const LOST = "The server does not answer. What was done before is kept: start it again with the same folder.";
const client = crypto.getRandomValues(new Uint32Array(3)).join("-");

const transport = {
  client,
  async call(name, values) {
    const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ client, ...values }) };
    const reply = await fetch(`call/${name}`, request).catch(() => { throw new Error(LOST); });
    if (!reply.ok) throw new Error(`The server refuses this: ${await reply.text()}`);
    return reply.json();
  },
  listen(callback) {
    const source = new EventSource(`events?client=${client}`);
    source.onmessage = (event) => callback(JSON.parse(event.data));
    source.onopen = () => { source.isLost = false; };
    source.onerror = () => { if (!source.isLost) callback({ type: "error", error: LOST }); source.isLost = true; };
  },
  video: (index) => `video/${index}`,
};

const page = new Page(document.body, transport);
document.documentElement.addEventListener("keydown", (event) => { if (event.target === document.documentElement) page.press(event); });
