import { type Contract, type MessageMap, utf8Length } from "../../messages.ts";
import type { Refusal } from "../refusal.ts";

/**
 * Checks the data of a member of a topic's presence.
 *
 * @param contract says what it must look like.
 * @param data as it came; absent: `null`.
 * @param maxBytes the most that it may have, in bytes as JSON.
 * @param failed told when a validator throws.
 * @returns the data as the contract let it through, or why it is refused.
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
    const message = `Presence data has at most ${maxBytes} bytes`;
    return { code: "large", message };
  } catch (error) {
    failed(error);
    return { code: "invalid", message: "The data could not be checked" };
  }
}
