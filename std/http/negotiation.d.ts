/** The media types a request accepts, the preferred one first. */
export function accepts(request: Pick<Request, "headers">): string[];
/** The preferred one of `types`, if any is acceptable. */
export function accepts(
  request: Pick<Request, "headers">,
  ...types: string[]
): string | undefined;
/** The encodings a request accepts, the preferred one first. */
export function acceptsEncodings(request: Pick<Request, "headers">): string[];
/** The preferred one of `encodings`, if any is acceptable. */
export function acceptsEncodings(
  request: Pick<Request, "headers">,
  ...encodings: string[]
): string | undefined;
/** The languages a request accepts, the preferred one first. */
export function acceptsLanguages(request: Pick<Request, "headers">): string[];
/** The preferred one of `langs`, if any is acceptable. */
export function acceptsLanguages(
  request: Pick<Request, "headers">,
  ...langs: string[]
): string | undefined;
