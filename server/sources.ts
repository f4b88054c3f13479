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
import messagesNestingTs from "../messages/nesting.ts" with { type: "text" };
import messagesUtf8Ts from "../messages/utf8.ts" with { type: "text" };
import messagesValidatorTs from "../messages/validator.ts" with {
  type: "text",
};
import messagesWireTs from "../messages/wire.ts" with { type: "text" };
import messagesTs from "../messages.ts" with { type: "text" };
import clientAbortTs from "../client/abort.ts" with { type: "text" };
import clientAnswerTs from "../client/answer.ts" with { type: "text" };
import clientBackoffTs from "../client/backoff.ts" with { type: "text" };
import clientBodyTs from "../client/body.ts" with { type: "text" };
import clientClientTs from "../client/client.ts" with { type: "text" };
import clientClockTs from "../client/clock.ts" with { type: "text" };
import clientClosingTs from "../client/closing.ts" with { type: "text" };
import clientConnectTs from "../client/connect.ts" with { type: "text" };
import clientConnectionTs from "../client/connection.ts" with { type: "text" };
import clientCreditTs from "../client/credit.ts" with { type: "text" };
import clientCursorTs from "../client/cursor.ts" with { type: "text" };
import clientDialectTs from "../client/dialect.ts" with { type: "text" };
import clientDirectTs from "../client/direct.ts" with { type: "text" };
import clientErrorTs from "../client/error.ts" with { type: "text" };
import clientEventsTs from "../client/events.ts" with { type: "text" };
import clientHandlersTs from "../client/handlers.ts" with { type: "text" };
import clientHistoryTs from "../client/history.ts" with { type: "text" };
import clientLetterTs from "../client/letter.ts" with { type: "text" };
import clientLivenessTs from "../client/liveness.ts" with { type: "text" };
import clientMembershipsTs from "../client/memberships.ts" with {
  type: "text",
};
import clientOptionsTs from "../client/options.ts" with { type: "text" };
import clientOutboxTs from "../client/outbox.ts" with { type: "text" };
import clientPaceTs from "../client/pace.ts" with { type: "text" };
import clientPlainTs from "../client/plain.ts" with { type: "text" };
import clientPresenceTs from "../client/presence.ts" with { type: "text" };
import clientPublisherTs from "../client/publisher.ts" with { type: "text" };
import clientReconnectorTs from "../client/reconnector.ts" with {
  type: "text",
};
import clientRecordTs from "../client/record.ts" with { type: "text" };
import clientRecordQueueTs from "../client/record_queue.ts" with {
  type: "text",
};
import clientReportTs from "../client/report.ts" with { type: "text" };
import clientRequestsTs from "../client/requests.ts" with { type: "text" };
import clientSessionTs from "../client/session.ts" with { type: "text" };
import clientSubscriptionTs from "../client/subscription.ts" with {
  type: "text",
};
import clientSurfaceTs from "../client/surface.ts" with { type: "text" };
import clientTokensTs from "../client/tokens.ts" with { type: "text" };
import clientTopicTs from "../client/topic.ts" with { type: "text" };
import clientTopicsTs from "../client/topics.ts" with { type: "text" };
import clientUrlTs from "../client/url.ts" with { type: "text" };
import clientV1Ts from "../client/v1.ts" with { type: "text" };
import clientWakeTs from "../client/wake.ts" with { type: "text" };
import clientTs from "../client.ts" with { type: "text" };
import staticAnnouncerTs from "../static/announcer.ts" with { type: "text" };
import staticAppTs from "../static/app.ts" with { type: "text" };
import staticBeatCss from "../static/beat.css" with { type: "text" };
import staticCloseWordsTs from "../static/close_words.ts" with { type: "text" };
import staticComposerCss from "../static/composer.css" with { type: "text" };
import staticComposerTs from "../static/composer.ts" with { type: "text" };
import staticContractTs from "../static/contract.ts" with { type: "text" };
import staticDomTs from "../static/dom.ts" with { type: "text" };
import staticDrawerCss from "../static/drawer.css" with { type: "text" };
import staticDrawerTs from "../static/drawer.ts" with { type: "text" };
import staticFeedCss from "../static/feed.css" with { type: "text" };
import staticFeedTs from "../static/feed.ts" with { type: "text" };
import staticFollowerTs from "../static/follower.ts" with { type: "text" };
import staticFramesTs from "../static/frames.ts" with { type: "text" };
import staticGreetingTs from "../static/greeting.ts" with { type: "text" };
import staticHeartTs from "../static/heart.ts" with { type: "text" };
import staticIconSvg from "../static/icon.svg" with { type: "text" };
import staticIndexHtml from "../static/index.html" with { type: "text" };
import staticLineTs from "../static/line.ts" with { type: "text" };
import staticLobbyTs from "../static/lobby.ts" with { type: "text" };
import staticNameTs from "../static/name.ts" with { type: "text" };
import staticOutgoingTs from "../static/outgoing.ts" with { type: "text" };
import staticPaceTs from "../static/pace.ts" with { type: "text" };
import staticPayloadTs from "../static/payload.ts" with { type: "text" };
import staticPropertiesTs from "../static/properties.ts" with { type: "text" };
import staticSenderTs from "../static/sender.ts" with { type: "text" };
import staticStatusTs from "../static/status.ts" with { type: "text" };
import staticStatusWordsTs from "../static/status_words.ts" with {
  type: "text",
};
import staticStripTs from "../static/strip.ts" with { type: "text" };
import staticStyleCss from "../static/style.css" with { type: "text" };
import staticSwitchboardTs from "../static/switchboard.ts" with {
  type: "text",
};
import staticTopCss from "../static/top.css" with { type: "text" };
import staticTraceTs from "../static/trace.ts" with { type: "text" };
import staticTryCss from "../static/try.css" with { type: "text" };
import staticViewportTs from "../static/viewport.ts" with { type: "text" };
import staticWireTs from "../static/wire.ts" with { type: "text" };

/** Source text by path from the root. */
export const SOURCES: ReadonlyMap<string, string> = new Map([
  ["messages/close_codes.ts", messagesCloseCodesTs],
  ["messages/codec.ts", messagesCodecTs],
  ["messages/contract.ts", messagesContractTs],
  ["messages/names.ts", messagesNamesTs],
  ["messages/nesting.ts", messagesNestingTs],
  ["messages/utf8.ts", messagesUtf8Ts],
  ["messages/validator.ts", messagesValidatorTs],
  ["messages/wire.ts", messagesWireTs],
  ["messages.ts", messagesTs],
  ["client/abort.ts", clientAbortTs],
  ["client/answer.ts", clientAnswerTs],
  ["client/backoff.ts", clientBackoffTs],
  ["client/body.ts", clientBodyTs],
  ["client/client.ts", clientClientTs],
  ["client/clock.ts", clientClockTs],
  ["client/closing.ts", clientClosingTs],
  ["client/connect.ts", clientConnectTs],
  ["client/connection.ts", clientConnectionTs],
  ["client/credit.ts", clientCreditTs],
  ["client/cursor.ts", clientCursorTs],
  ["client/dialect.ts", clientDialectTs],
  ["client/direct.ts", clientDirectTs],
  ["client/error.ts", clientErrorTs],
  ["client/events.ts", clientEventsTs],
  ["client/handlers.ts", clientHandlersTs],
  ["client/history.ts", clientHistoryTs],
  ["client/letter.ts", clientLetterTs],
  ["client/liveness.ts", clientLivenessTs],
  ["client/memberships.ts", clientMembershipsTs],
  ["client/options.ts", clientOptionsTs],
  ["client/outbox.ts", clientOutboxTs],
  ["client/pace.ts", clientPaceTs],
  ["client/plain.ts", clientPlainTs],
  ["client/presence.ts", clientPresenceTs],
  ["client/publisher.ts", clientPublisherTs],
  ["client/reconnector.ts", clientReconnectorTs],
  ["client/record.ts", clientRecordTs],
  ["client/record_queue.ts", clientRecordQueueTs],
  ["client/report.ts", clientReportTs],
  ["client/requests.ts", clientRequestsTs],
  ["client/session.ts", clientSessionTs],
  ["client/subscription.ts", clientSubscriptionTs],
  ["client/surface.ts", clientSurfaceTs],
  ["client/tokens.ts", clientTokensTs],
  ["client/topic.ts", clientTopicTs],
  ["client/topics.ts", clientTopicsTs],
  ["client/url.ts", clientUrlTs],
  ["client/v1.ts", clientV1Ts],
  ["client/wake.ts", clientWakeTs],
  ["client.ts", clientTs],
  ["static/announcer.ts", staticAnnouncerTs],
  ["static/app.ts", staticAppTs],
  ["static/beat.css", staticBeatCss],
  ["static/close_words.ts", staticCloseWordsTs],
  ["static/composer.css", staticComposerCss],
  ["static/composer.ts", staticComposerTs],
  ["static/contract.ts", staticContractTs],
  ["static/dom.ts", staticDomTs],
  ["static/drawer.css", staticDrawerCss],
  ["static/drawer.ts", staticDrawerTs],
  ["static/feed.css", staticFeedCss],
  ["static/feed.ts", staticFeedTs],
  ["static/follower.ts", staticFollowerTs],
  ["static/frames.ts", staticFramesTs],
  ["static/greeting.ts", staticGreetingTs],
  ["static/heart.ts", staticHeartTs],
  ["static/icon.svg", staticIconSvg],
  ["static/index.html", staticIndexHtml],
  ["static/line.ts", staticLineTs],
  ["static/lobby.ts", staticLobbyTs],
  ["static/name.ts", staticNameTs],
  ["static/outgoing.ts", staticOutgoingTs],
  ["static/pace.ts", staticPaceTs],
  ["static/payload.ts", staticPayloadTs],
  ["static/properties.ts", staticPropertiesTs],
  ["static/sender.ts", staticSenderTs],
  ["static/status.ts", staticStatusTs],
  ["static/status_words.ts", staticStatusWordsTs],
  ["static/strip.ts", staticStripTs],
  ["static/style.css", staticStyleCss],
  ["static/switchboard.ts", staticSwitchboardTs],
  ["static/top.css", staticTopCss],
  ["static/trace.ts", staticTraceTs],
  ["static/try.css", staticTryCss],
  ["static/viewport.ts", staticViewportTs],
  ["static/wire.ts", staticWireTs],
]);
