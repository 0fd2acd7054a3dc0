// The page in a notebook: the transport over messages of the widget.

export default {
  render({ model, el }) {
    const client = crypto.getRandomValues(new Uint32Array(3)).join("-"), waiting = new Map(), listeners = [];
    let n = 0;
    const take = ({ id, reply, event }) => {
      if (event) for (const listener of listeners) listener(event);
      waiting.get(id)?.(reply);
      waiting.delete(id);
    };
    model.on("msg:custom", take);
    const page = mount(el, {
      client,
      call: (name, values) => new Promise((resolve) => {
        const id = `${client} ${n++}`;
        waiting.set(id, resolve);
        model.send({ id, call: name, values: { client, ...values } });
      }),
      listen: (callback) => listeners.push(callback),
      video: () => null,
    });
    return () => {
      model.off("msg:custom", take);
      page.destroy();
    };
  },
};
