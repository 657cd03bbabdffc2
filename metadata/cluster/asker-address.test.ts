import { describe, expect, it } from "vitest";
import { addressForAsker } from "./asker-address.ts";

describe("addressForAsker()", () => {
  it("leaves a named host as it is", () => {
    expect(addressForAsker("http://node-1.example:8081/", "page.example:8080")).toBe("http://node-1.example:8081");
  });
  it.each(["http://0.0.0.0:8081", "http://[::]:8081"])("puts the asker's host name for the wildcard of %s", (url) => {
    expect(addressForAsker(url, "box.local:8080")).toBe("http://box.local:8081");
    expect(addressForAsker(url, "[fe80::1]:8080")).toBe("http://[fe80::1]:8081");
    expect(addressForAsker(url, undefined)).toBe("http://127.0.0.1:8081");
    expect(addressForAsker(url, "not a host")).toBe("http://127.0.0.1:8081");
  });
});
