/** Writes a file, and creates its folder. */
export async function write(path: string, text: string): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  if (folder !== "") await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(path, text);
}
