import { type Contract, type MessageMap, utf8Length } from "../../messages.ts";
import type { Refusal } from "../refusal.ts";

/**
 * Checks the data of a member of a topic's presence.
 *
 * @param contract the contract that has the validator of presence data.
 * @param data the data as received; absent stands for `null`.
 * @param maxBytes the maximum bytes of the data as JSON.
 * @param failed receives what a validator throws.
 * @returns the output of the validator, or a refusal.
 */
export function checkPresence(
  contract: Contract<MessageMap>,
  data: unknown,
  maxBytes: number,
  failed: (error: unknown) => void,
): { readonly value: unknown } | Refusal {
  try {
    const checked = contract.checkPresence(data ?? null);
    if (!checked.ok) return checked;
    const value = checked.value ?? null;
    if (utf8Length(JSON.stringify(value)) <= maxBytes) return { value };
    const message = `Presence data too large: at most ${maxBytes} bytes`;
    return { code: "large", message };
  } catch (error) {
    failed(error);
    return { code: "invalid", message: "Presence data validation failed" };
  }
}
