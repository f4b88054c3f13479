import type { RefusedHandshake } from "../../hub/observe/observer.ts";

/**
 * Copies the fields of a handshake that observers receive if it is refused. It has to be called before the upgrade, after
 * which the request may not be readable. The query is not copied: it may contain a secret.
 */
export function refusedHandshake(
  request: Request,
  path: string,
  { address, host }: { readonly address: string; readonly host: string | null },
): Omit<RefusedHandshake, "status"> {
  return {
    address,
    path,
    origin: request.headers.get("origin") ?? undefined,
    host: host ?? undefined,
    userAgent: request.headers.get("user-agent") ?? undefined,
  };
}

/**
 * Describes the refusal of a page, with the remedy.
 *
 * @param origin the `Origin` header.
 * @param host the host that it was compared with; `null` for none.
 */
export function describeRefusal(
  origin: string,
  host: string | null | undefined,
): string {
  return `a page of ${readable(origin)} was refused, the request's Host is ${
    readable(host ?? "missing")
  }. If a proxy is in front, let it pass on the Host; or allow the page's origin (--origins, the option 'origins')`;
}

/** The client chooses both names: they must not control a terminal, forge a line or fill a log. */
function readable(text: string): string {
  return text.slice(0, 200).replace(/[^\x21-\x7e]/g, "?");
}
