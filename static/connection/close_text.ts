/**
 * Close codes in words, for people who are learning them.
 * @module
 */

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [1000, "normal: one side was done"],
  [1001, "going away: the server stops, or the page was left"],
  [1002, "protocol error"],
  [1003, "unsupported data"],
  [1005, "closed without saying why"],
  [1006, "abnormal: the connection vanished without a goodbye"],
  [1007, "the text was not UTF-8"],
  [1008, "against the server's policy"],
  [1009, "a frame was too big"],
  [1011, "the server failed"],
  [1012, "the server restarts"],
  [1013, "the server is full: try again later"],
  [1015, "TLS failed"],
  [4000, "the page cut the wire"],
  [4000, "the client dropped it, to open another one"],
  [4001, "no sign of life within the heartbeat's timeout"],
  [4002, "lagging: did not take in what was sent"],
  [4003, "out of step: a record came at the wrong offset"],
  [4029, "too many messages"],
  [4408, "no hello in time"],
  [4500, "not the protocol"],
  [4501, "not authenticated"],
  [4503, "not allowed"],
  [4505, "the session went on in another connection"],
  [4506, "no version of the protocol in common"],
]);

/**
 * What a close code says.
 *
 * @param code the code of a `close` event.
 * @returns a few words.
 */
export function closeWords(code: number): string {
  const known = MEANINGS.get(code);
  if (known !== undefined) {
    return known;
  }
  if (code >= 4000) {
    return "an application's own code";
  }
  return code >= 3000 ? "a registered code" : "reserved by the standard";
}
