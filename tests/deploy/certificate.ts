/** A certificate for this machine that only the test trusts, and its key. */
export interface Certificate extends AsyncDisposable {
  /** The file of the certificate. */
  readonly cert: string;
  /** The file of its key. */
  readonly key: string;
}

/** Makes one with the openssl command of docs/deploy.md. */
export async function makeCertificate(): Promise<Certificate> {
  const folder = await Deno.makeTempDir();
  const cert = `${folder}/cert.pem`;
  const key = `${folder}/key.pem`;
  const { success, stderr } = await new Deno.Command("openssl", {
    args: [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        .split(" "),
      ..."-days 30 -subj /CN=localhost".split(" "),
      "-addext",
      "subjectAltName=DNS:localhost,IP:127.0.0.1",
      // Deno refuses a server's certificate without this.
      "-addext",
      "basicConstraints=critical,CA:FALSE",
      "-keyout",
      key,
      "-out",
      cert,
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return {
    cert,
    key,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
