/**
 * The files that the page loads, as text: they travel with the module graph, so the page works from a URL, and no
 * permission to read files is asked for. tests/server/page_files_test.ts holds the list against the folders.
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
import messagesListenerTs from "../messages/listener.ts" with { type: "text" };
import messagesRecordTs from "../messages/record.ts" with { type: "text" };
import messagesValidatorTs from "../messages/validator.ts" with {
  type: "text",
};
import messagesWireTs from "../messages/wire.ts" with { type: "text" };
import messagesTs from "../messages.ts" with { type: "text" };
import clientAbortTs from "../client/abort.ts" with { type: "text" };
import clientAnswerTs from "../client/protocol/limits.ts" with {
  type: "text",
};
import clientBackoffTs from "../client/connection/backoff.ts" with {
  type: "text",
};
import clientBodyTs from "../client/publish/body.ts" with { type: "text" };
import clientClientTs from "../client/client.ts" with { type: "text" };
import clientClockTs from "../client/clock.ts" with { type: "text" };
import clientClosingTs from "../client/connection/close_socket.ts" with {
  type: "text",
};
import clientConnectTs from "../client/connect.ts" with { type: "text" };
import clientConnectionTs from "../client/connection/connection.ts" with {
  type: "text",
};
import clientCreditTs from "../client/protocol/credit.ts" with { type: "text" };
import clientCursorTs from "../client/topics/cursor.ts" with { type: "text" };
import clientDialectTs from "../client/protocol/dialect.ts" with {
  type: "text",
};
import clientDirectTs from "../client/topics/direct_messages.ts" with {
  type: "text",
};
import messagesErrorTs from "../messages/error.ts" with { type: "text" };
import clientEventsTs from "../client/events.ts" with { type: "text" };
import clientHandlersTs from "../client/event_handlers.ts" with {
  type: "text",
};
import clientHistoryTs from "../client/topics/history.ts" with { type: "text" };
import clientLetterTs from "../client/publish/outgoing_message.ts" with {
  type: "text",
};
import clientLivenessTs from "../client/connection/liveness.ts" with {
  type: "text",
};
import clientMembershipsTs from "../client/topics/subscriptions.ts" with {
  type: "text",
};
import clientOptionsTs from "../client/options.ts" with { type: "text" };
import clientOutboxTs from "../client/publish/outbox.ts" with { type: "text" };
import clientPaceTs from "../client/publish/pacing.ts" with { type: "text" };
import clientPlainTs from "../client/protocol/plain.ts" with { type: "text" };
import clientPresenceTs from "../client/topics/presence.ts" with {
  type: "text",
};
import clientPublisherTs from "../client/publish/publisher.ts" with {
  type: "text",
};
import clientReconnectorTs from "../client/connection/reconnect.ts" with {
  type: "text",
};
import clientRecordTs from "../client/topics/record.ts" with { type: "text" };
import clientRecordQueueTs from "../client/topics/record_queue.ts" with {
  type: "text",
};
import clientReportTs from "../client/report.ts" with { type: "text" };
import clientRequestsTs from "../client/requests/requests.ts" with {
  type: "text",
};
import clientSessionTs from "../client/protocol/session.ts" with {
  type: "text",
};
import clientSubscriptionTs from "../client/topics/subscription.ts" with {
  type: "text",
};
import clientSurfaceTs from "../client/web_socket_api.ts" with { type: "text" };
import clientTokensTs from "../client/protocol/token_renewal.ts" with {
  type: "text",
};
import clientTopicTs from "../client/topics/topic.ts" with { type: "text" };
import clientTopicsTs from "../client/topics/topics.ts" with { type: "text" };
import clientUrlTs from "../client/connection/url.ts" with { type: "text" };
import clientV1Ts from "../client/protocol/v1.ts" with { type: "text" };
import clientListenersTs from "../client/listeners.ts" with { type: "text" };
import clientCloseErrorTs from "../client/connection/close_error.ts" with {
  type: "text",
};
import clientRecordListenersTs from "../client/topics/record_listeners.ts" with {
  type: "text",
};
import clientWaitersTs from "../client/waiters.ts" with { type: "text" };
import commonIgnoredRejectionsTs from "../common/ignored_rejections.ts" with {
  type: "text",
};
import clientRequestsPendingRepliesTs from "../client/requests/pending_replies.ts" with {
  type: "text",
};
import clientProtocolErrorFrameTs from "../client/protocol/error_frame.ts" with {
  type: "text",
};
import clientTopicsJoinedTs from "../client/topics/joined.ts" with {
  type: "text",
};
import commonBackoffTs from "../common/backoff.ts" with { type: "text" };
import commonOptionsTs from "../common/options.ts" with { type: "text" };
import commonTimerTs from "../common/timer.ts" with { type: "text" };
import clientWakeTs from "../client/connection/wake.ts" with { type: "text" };
import clientTs from "../client.ts" with { type: "text" };
import staticAnnouncerTs from "../static/announcer.ts" with { type: "text" };
import staticAppTs from "../static/app.ts" with { type: "text" };
import staticBeatCss from "../static/styles/heartbeat.css" with {
  type: "text",
};
import staticCloseWordsTs from "../static/connection/close_text.ts" with {
  type: "text",
};
import staticComposerCss from "../static/styles/composer.css" with {
  type: "text",
};
import staticComposerTs from "../static/compose/composer.ts" with {
  type: "text",
};
import staticContractTs from "../static/contract.ts" with { type: "text" };
import staticDomTs from "../static/dom.ts" with { type: "text" };
import staticDrawerCss from "../static/styles/drawer.css" with { type: "text" };
import staticDrawerTs from "../static/drawer.ts" with { type: "text" };
import staticFeedCss from "../static/styles/feed.css" with { type: "text" };
import staticFeedTs from "../static/feed/feed.ts" with { type: "text" };
import staticFollowerTs from "../static/feed/auto_scroll.ts" with {
  type: "text",
};
import staticFrameListTs from "../static/feed/frame_list.ts" with {
  type: "text",
};
import staticStartFrameTs from "../static/connection/start_frame.ts" with {
  type: "text",
};
import staticHeartTs from "../static/heartbeat/heartbeat_panel.ts" with {
  type: "text",
};
import staticIconSvg from "../static/icon.svg" with { type: "text" };
import staticIndexHtml from "../static/index.html" with { type: "text" };
import staticLineTs from "../static/feed/line.ts" with { type: "text" };
import staticLobbyTs from "../static/feed/lobby.ts" with { type: "text" };
import staticNameTs from "../static/compose/name.ts" with { type: "text" };
import staticPendingMessagesTs from "../static/feed/pending_messages.ts" with {
  type: "text",
};
import staticDrawQueueTs from "../static/feed/draw_queue.ts" with {
  type: "text",
};
import staticPayloadTs from "../static/feed/payload.ts" with { type: "text" };
import staticPropertiesTs from "../static/connection/properties.ts" with {
  type: "text",
};
import staticSenderTs from "../static/compose/raw_sender.ts" with {
  type: "text",
};
import staticStatusLineTs from "../static/connection/status_line.ts" with {
  type: "text",
};
import staticStatusWordsTs from "../static/connection/status_text.ts" with {
  type: "text",
};
import staticStripTs from "../static/heartbeat/trace_drawing.ts" with {
  type: "text",
};
import staticStyleCss from "../static/styles/base.css" with { type: "text" };
import staticSwitchboardTs from "../static/connection/connection_controls.ts" with {
  type: "text",
};
import staticTopCss from "../static/styles/top.css" with { type: "text" };
import staticTraceTs from "../static/heartbeat/trace.ts" with { type: "text" };
import staticTryCss from "../static/styles/try.css" with { type: "text" };
import staticFailureTextTs from "../static/feed/failure_text.ts" with {
  type: "text",
};
import staticTextFormatTs from "../static/text_format.ts" with { type: "text" };
import staticViewportTs from "../static/viewport.ts" with { type: "text" };
import staticWireTs from "../static/connection/breakable_socket.ts" with {
  type: "text",
};

/** Source text by path from the root. */
export const SOURCES: ReadonlyMap<string, string> = new Map([
  ["messages/close_codes.ts", messagesCloseCodesTs],
  ["messages/codec.ts", messagesCodecTs],
  ["messages/contract.ts", messagesContractTs],
  ["messages/names.ts", messagesNamesTs],
  ["messages/nesting.ts", messagesNestingTs],
  ["messages/listener.ts", messagesListenerTs],
  ["messages/record.ts", messagesRecordTs],
  ["messages/utf8.ts", messagesUtf8Ts],
  ["messages/validator.ts", messagesValidatorTs],
  ["messages/wire.ts", messagesWireTs],
  ["messages.ts", messagesTs],
  ["client/abort.ts", clientAbortTs],
  ["client/protocol/limits.ts", clientAnswerTs],
  ["client/connection/backoff.ts", clientBackoffTs],
  ["client/publish/body.ts", clientBodyTs],
  ["client/client.ts", clientClientTs],
  ["client/clock.ts", clientClockTs],
  ["client/connection/close_socket.ts", clientClosingTs],
  ["client/connect.ts", clientConnectTs],
  ["client/connection/connection.ts", clientConnectionTs],
  ["client/protocol/credit.ts", clientCreditTs],
  ["client/topics/cursor.ts", clientCursorTs],
  ["client/protocol/dialect.ts", clientDialectTs],
  ["client/topics/direct_messages.ts", clientDirectTs],
  ["messages/error.ts", messagesErrorTs],
  ["client/events.ts", clientEventsTs],
  ["client/event_handlers.ts", clientHandlersTs],
  ["client/topics/history.ts", clientHistoryTs],
  ["client/publish/outgoing_message.ts", clientLetterTs],
  ["client/connection/liveness.ts", clientLivenessTs],
  ["client/topics/subscriptions.ts", clientMembershipsTs],
  ["client/options.ts", clientOptionsTs],
  ["client/publish/outbox.ts", clientOutboxTs],
  ["client/publish/pacing.ts", clientPaceTs],
  ["client/protocol/plain.ts", clientPlainTs],
  ["client/topics/presence.ts", clientPresenceTs],
  ["client/publish/publisher.ts", clientPublisherTs],
  ["client/connection/reconnect.ts", clientReconnectorTs],
  ["client/topics/record.ts", clientRecordTs],
  ["client/topics/record_queue.ts", clientRecordQueueTs],
  ["client/report.ts", clientReportTs],
  ["client/requests/requests.ts", clientRequestsTs],
  ["client/protocol/session.ts", clientSessionTs],
  ["client/topics/subscription.ts", clientSubscriptionTs],
  ["client/web_socket_api.ts", clientSurfaceTs],
  ["client/protocol/token_renewal.ts", clientTokensTs],
  ["client/topics/topic.ts", clientTopicTs],
  ["client/topics/topics.ts", clientTopicsTs],
  ["client/connection/url.ts", clientUrlTs],
  ["client/protocol/v1.ts", clientV1Ts],
  ["client/listeners.ts", clientListenersTs],
  ["client/connection/close_error.ts", clientCloseErrorTs],
  ["client/topics/record_listeners.ts", clientRecordListenersTs],
  ["client/waiters.ts", clientWaitersTs],
  ["common/ignored_rejections.ts", commonIgnoredRejectionsTs],
  ["client/requests/pending_replies.ts", clientRequestsPendingRepliesTs],
  ["client/protocol/error_frame.ts", clientProtocolErrorFrameTs],
  ["client/topics/joined.ts", clientTopicsJoinedTs],
  ["common/backoff.ts", commonBackoffTs],
  ["common/options.ts", commonOptionsTs],
  ["common/timer.ts", commonTimerTs],
  ["client/connection/wake.ts", clientWakeTs],
  ["client.ts", clientTs],
  ["static/announcer.ts", staticAnnouncerTs],
  ["static/app.ts", staticAppTs],
  ["static/styles/heartbeat.css", staticBeatCss],
  ["static/connection/close_text.ts", staticCloseWordsTs],
  ["static/styles/composer.css", staticComposerCss],
  ["static/compose/composer.ts", staticComposerTs],
  ["static/contract.ts", staticContractTs],
  ["static/dom.ts", staticDomTs],
  ["static/styles/drawer.css", staticDrawerCss],
  ["static/drawer.ts", staticDrawerTs],
  ["static/styles/feed.css", staticFeedCss],
  ["static/feed/feed.ts", staticFeedTs],
  ["static/feed/auto_scroll.ts", staticFollowerTs],
  ["static/feed/frame_list.ts", staticFrameListTs],
  ["static/connection/start_frame.ts", staticStartFrameTs],
  ["static/heartbeat/heartbeat_panel.ts", staticHeartTs],
  ["static/icon.svg", staticIconSvg],
  ["static/index.html", staticIndexHtml],
  ["static/feed/line.ts", staticLineTs],
  ["static/feed/lobby.ts", staticLobbyTs],
  ["static/compose/name.ts", staticNameTs],
  ["static/feed/pending_messages.ts", staticPendingMessagesTs],
  ["static/feed/draw_queue.ts", staticDrawQueueTs],
  ["static/feed/payload.ts", staticPayloadTs],
  ["static/connection/properties.ts", staticPropertiesTs],
  ["static/compose/raw_sender.ts", staticSenderTs],
  ["static/connection/status_line.ts", staticStatusLineTs],
  ["static/connection/status_text.ts", staticStatusWordsTs],
  ["static/heartbeat/trace_drawing.ts", staticStripTs],
  ["static/styles/base.css", staticStyleCss],
  ["static/connection/connection_controls.ts", staticSwitchboardTs],
  ["static/styles/top.css", staticTopCss],
  ["static/heartbeat/trace.ts", staticTraceTs],
  ["static/styles/try.css", staticTryCss],
  ["static/feed/failure_text.ts", staticFailureTextTs],
  ["static/text_format.ts", staticTextFormatTs],
  ["static/viewport.ts", staticViewportTs],
  ["static/connection/breakable_socket.ts", staticWireTs],
]);
