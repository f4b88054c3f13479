/**
 * The messages that server, client and page share: contracts, the frames of drumbeat.v1, their codec, errors and close
 * codes. It imports nothing outside of `messages/`, and runs in Deno and in every browser.
 *
 * @module
 */
export {
  type AnyMessages,
  type AnyRequests,
  type Checked,
  type CheckedData,
  type Contract,
  type ContractRefusal,
  type MessageInput,
  type MessageOf,
  type NamedType,
  type OtherType,
  type ReplyInputOf,
  type RequestInputOf,
  type RequestMap,
  type RequestTypes,
} from "./messages/contract.ts";
export {
  anyMessages,
  defineMessages,
  type DefineMessagesOptions,
  type InputsIfTransformed,
  type IsSame,
  type MessagesOf,
  type PresenceOf,
  type RequestOf,
  type RequestsOf,
  type RequestValidatorMap,
  type RequestValidators,
} from "./messages/define_messages.ts";
export {
  type InputsOf,
  type MessageMap,
  type PresenceInputOf,
  type TRANSFORMED,
  type TransformedInputs,
} from "./messages/message_map.ts";
export {
  applyValidator,
  type Guard,
  type InputOf,
  type Issue,
  isValidator,
  type OutputOf,
  type StandardIssue,
  type StandardResult,
  type StandardSchema,
  type Validated,
  type Validator,
} from "./messages/validator.ts";
export {
  decodeClientFrame,
  type Decoded,
  decodeServerFrame,
  encode,
  encodeBinary,
  type ParsedObject,
  parseObject,
} from "./messages/codec.ts";
export { isCount, startProblem } from "./messages/frame_checks.ts";
export {
  DrumbeatError,
  type DrumbeatErrorCode,
  type DrumbeatErrorOptions,
} from "./messages/error.ts";
export { CloseCode, shouldReconnect } from "./messages/close_codes.ts";
export {
  LOBBY,
  MAX_TOPIC_NAME_BYTES,
  messageTypeProblem,
  RESERVED_TYPES,
  topicNameProblem,
} from "./messages/names.ts";
export {
  type ListenerOptions,
  type MessageHandler,
} from "./messages/listener.ts";
export { nestingProblem } from "./messages/nesting.ts";
export { numberProblem } from "./messages/numbers.ts";
export { type PresenceChange } from "./messages/presence_change.ts";
export {
  type BinaryRecord,
  type GapRecord,
  type HistoryPart,
  type HistoryRange,
  type MessageContext,
  type MessageRecord,
  type TopicRecord,
} from "./messages/record.ts";
export { utf8Length } from "./messages/utf8.ts";
export {
  type AckFrame,
  type BatchFrame,
  type ClientFrame,
  type CreditFrame,
  type ErrorFrame,
  type Frame,
  type GapFrame,
  type GoawayFrame,
  type HelloFrame,
  type HistoryFrame,
  type Member,
  type PingFrame,
  type PongFrame,
  type PresenceFrame,
  type PresenceUpdateFrame,
  type PublishFrame,
  type RenewFrame,
  type ReplyFrame,
  type RequestFrame,
  type ServerFrame,
  type StartFrame,
  type SubscribedFrame,
  type SubscribeFrame,
  type UnsubscribedFrame,
  type UnsubscribeFrame,
  type WireHistoryPart,
} from "./messages/frames.ts";
export {
  type BatchRecord,
  type ErrorCode,
  type Position,
  PROTOCOL,
  type Start,
  type Subscribed,
  type TopicStart,
  type WireLimits,
  type WireRecord,
} from "./messages/wire.ts";
