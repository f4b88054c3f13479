import { assert, assertEquals } from "@std/assert";
import { urlsOf } from "../../../server/cli/urls.ts";

Deno.test("the URL of 127.0.0.1 has the host localhost", () => {
  assertEquals(urlsOf({ hostname: "127.0.0.1", port: 8000 }), [
    "http://localhost:8000",
  ]);
  assertEquals(urlsOf({ hostname: "localhost", port: 8000 }), [
    "http://localhost:8000",
  ]);
});

Deno.test("the URL of another address has that address", () => {
  assertEquals(urlsOf({ hostname: "192.0.2.7", port: 80 }), [
    "http://192.0.2.7:80",
  ]);
  assertEquals(urlsOf({ hostname: "::1", port: 8000 }), ["http://[::1]:8000"]);
});

Deno.test("the scheme of a server with TLS is https", () => {
  assertEquals(
    urlsOf({ hostname: "127.0.0.1", port: 8443, scheme: "https" }),
    ["https://localhost:8443"],
  );
});

Deno.test("a wildcard address has a URL for localhost, and one for each address of the network", () => {
  for (const hostname of ["0.0.0.0", "::"]) {
    const [local, ...others] = urlsOf({ hostname, port: 8000 });
    assertEquals(local, "http://localhost:8000");
    const addresses = Deno.networkInterfaces()
      .filter(({ family, address }) =>
        family === "IPv4" && !address.startsWith("127.")
      );
    assertEquals(
      others,
      addresses.map(({ address }) => `http://${address}:8000`),
    );
  }
});

Deno.test({
  name:
    "without the permission for network interfaces, a placeholder stands for the addresses",
  permissions: { sys: false },
  fn() {
    const [, other] = urlsOf({ hostname: "0.0.0.0", port: 8000 });
    assert(other?.includes("this machine's address"));
  },
});
