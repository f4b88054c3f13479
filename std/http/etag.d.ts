/** The part of `Deno.FileInfo` that a tag is made from. */
export interface FileInfo {
  /** When the file changed last. */
  mtime: Date | null;
  /** Its size in bytes. */
  size: number;
}
/** Options of {@linkcode eTag}. */
export interface ETagOptions {
  /** The digest (SHA-256). */
  algorithm?: AlgorithmIdentifier;
  /** Whether the tag is a weak one; by default only that of a file is. */
  weak?: boolean;
}
/** The entity tag of bytes or text. */
export function eTag(
  entity: string | Uint8Array,
  options?: ETagOptions,
): Promise<string>;
/** The entity tag of a file, if it has an mtime. */
export function eTag(
  entity: FileInfo,
  options?: ETagOptions,
): Promise<string | undefined>;
/** Whether a request with this `If-Match` value may proceed. */
export function ifMatch(
  value: string | null,
  etag: string | undefined,
): boolean;
/** Whether a request with this `If-None-Match` value needs a body: `false` means 304. */
export function ifNoneMatch(
  value: string | null,
  etag: string | undefined,
): boolean;
