/** Runs a test with the path of a new file for a store, and removes the file. */
export async function withStoreFile<T>(
  run: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await run(`${folder}/store.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
