/**
 * What a peer answers to the sender alone: the same work in each of them.
 *
 * @param {string} mode `echo`, `request` or `heartbeat`.
 * @param {string} text what came in.
 * @returns {string} what goes back.
 */
export function answer(mode, text) {
  if (mode === "echo") return text;
  const frame = JSON.parse(text);
  return JSON.stringify(
    mode === "request"
      ? { type: "reply", id: frame.id, data: frame.data }
      : { type: "pong", time: frame.time },
  );
}
