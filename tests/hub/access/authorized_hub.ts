import type {
  Authorize,
  AuthorizeRequest,
  Grant,
} from "../../../hub/access/authorize.ts";
import type { HubOptions } from "../../../hub/options.ts";
import { type InMemory, inMemory } from "../in_memory.ts";

/** Waits for promises and digests; the clock stands still. */
export async function settle({ clock }: InMemory): Promise<void> {
  for (let turns = 0; turns < 5; turns++) {
    await new Promise((resolve) => setTimeout(resolve));
    clock.settle();
  }
}

/** Creates a hub whose tokens are the keys of `grants`. A test may change the grants. */
export function hubOf(
  grants: Record<string, Partial<Grant> | "forbidden">,
  options: HubOptions = {},
): InMemory & { readonly requests: AuthorizeRequest[] } {
  const requests: AuthorizeRequest[] = [];
  const authorize: Authorize = (request) => {
    requests.push(request);
    const { token = "" } = request;
    if (!Object.hasOwn(grants, token)) return "unauthenticated";
    const grant = grants[token]!;
    return grant === "forbidden" ? grant : { user: token, ...grant };
  };
  return Object.assign(inMemory({ authorize, ...options }), { requests });
}
