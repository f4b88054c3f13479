/** A certificate for this machine that nobody but the test trusts, and its key. */
export interface Certificate extends AsyncDisposable {
  /** The file of the certificate. */
  readonly cert: string;
  /** The file of its key. */
  readonly key: string;
}

/** Makes one, with openssl, as docs/deploy.md says. */
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
      // Or Deno refuses it as a server's certificate.
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
