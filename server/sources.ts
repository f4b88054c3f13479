/**
 * The files that the page loads, as text: they travel with the module graph, so the page works from a URL, and no
 * permission to read files is asked for. tests/server/sources_test.ts holds the list against the folders.
 *
 * @module
 */
import messagesCloseCodesTs from "../messages/close_codes.ts" with {
  type: "text",
};
import messagesCodecTs from "../messages/codec.ts" with { type: "text" };
import messagesContractTs from "../messages/contract.ts" with { type: "text" };
import messagesNamesTs from "../messages/names.ts" with { type: "text" };
import messagesUtf8Ts from "../messages/utf8.ts" with { type: "text" };
import messagesWireTs from "../messages/wire.ts" with { type: "text" };
import messagesTs from "../messages.ts" with { type: "text" };
import clientBackoffTs from "../client/backoff.ts" with { type: "text" };
import clientClockTs from "../client/clock.ts" with { type: "text" };
import clientErrorTs from "../client/error.ts" with { type: "text" };
import clientOptionsTs from "../client/options.ts" with { type: "text" };
import clientReportTs from "../client/report.ts" with { type: "text" };
import clientUrlTs from "../client/url.ts" with { type: "text" };
import clientWakeTs from "../client/wake.ts" with { type: "text" };
import staticAnnouncerTs from "../static/announcer.ts" with { type: "text" };
import staticCloseWordsTs from "../static/close_words.ts" with { type: "text" };
import staticContractTs from "../static/contract.ts" with { type: "text" };
import staticDomTs from "../static/dom.ts" with { type: "text" };
import staticFeedTs from "../static/feed.ts" with { type: "text" };
import staticFollowerTs from "../static/follower.ts" with { type: "text" };
import staticLineTs from "../static/line.ts" with { type: "text" };
import staticNameTs from "../static/name.ts" with { type: "text" };
import staticOutgoingTs from "../static/outgoing.ts" with { type: "text" };
import staticPayloadTs from "../static/payload.ts" with { type: "text" };
import staticStatusTs from "../static/status.ts" with { type: "text" };
import staticTraceTs from "../static/trace.ts" with { type: "text" };
import staticWireTs from "../static/wire.ts" with { type: "text" };

/** Source text by path from the root. */
export const SOURCES: ReadonlyMap<string, string> = new Map([
  ["messages/close_codes.ts", messagesCloseCodesTs],
  ["messages/codec.ts", messagesCodecTs],
  ["messages/contract.ts", messagesContractTs],
  ["messages/names.ts", messagesNamesTs],
  ["messages/utf8.ts", messagesUtf8Ts],
  ["messages/wire.ts", messagesWireTs],
  ["messages.ts", messagesTs],
  ["client/backoff.ts", clientBackoffTs],
  ["client/clock.ts", clientClockTs],
  ["client/error.ts", clientErrorTs],
  ["client/options.ts", clientOptionsTs],
  ["client/report.ts", clientReportTs],
  ["client/url.ts", clientUrlTs],
  ["client/wake.ts", clientWakeTs],
  ["static/announcer.ts", staticAnnouncerTs],
  ["static/close_words.ts", staticCloseWordsTs],
  ["static/contract.ts", staticContractTs],
  ["static/dom.ts", staticDomTs],
  ["static/feed.ts", staticFeedTs],
  ["static/follower.ts", staticFollowerTs],
  ["static/line.ts", staticLineTs],
  ["static/name.ts", staticNameTs],
  ["static/outgoing.ts", staticOutgoingTs],
  ["static/payload.ts", staticPayloadTs],
  ["static/status.ts", staticStatusTs],
  ["static/trace.ts", staticTraceTs],
  ["static/wire.ts", staticWireTs],
]);
