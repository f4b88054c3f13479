/** Message types and the fields of each, without `type`. */
export type MessageMap = { [type: string]: object };

/** The key of {@linkcode TransformedInputs} in a {@linkcode MessageMap}. It exists in types alone. */
export declare const TRANSFORMED: unique symbol;

/**
 * The types that a contract takes, if its schemas transform: they differ from those that it stores and delivers.
 *
 * @typeParam I the message types and the fields to publish.
 * @typeParam P the presence data to set.
 */
export type TransformedInputs<I, P> = {
  /** Carries the types that the contract takes. Always absent at run time. */
  readonly [TRANSFORMED]?: { readonly messages: I; readonly presence: P };
};

/**
 * The message types and the fields to publish.
 *
 * @typeParam M the message types.
 */
export type InputsOf<M extends MessageMap> = M extends
  { readonly [TRANSFORMED]?: { readonly messages: infer I } }
  ? I extends MessageMap ? I : M
  : M;

/**
 * The presence data to set.
 *
 * @typeParam M the message types of the contract.
 * @typeParam P the presence data that the contract stores.
 */
export type PresenceInputOf<M extends MessageMap, P> = M extends {
  readonly [TRANSFORMED]?: {
    readonly messages: infer I;
    readonly presence: infer D;
  };
} ? I extends MessageMap ? D : P
  : P;
