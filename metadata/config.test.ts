import { describe, expect, it } from "vitest";
import { publicUrlOf, readConfig } from "./config.ts";

const noFile = () => {
  throw new Error("no such file");
};

describe("readConfig()", () => {
  it("has defaults for everything but the folder and the key", () => {
    expect(readConfig({ VSTACK_DATA: "/data", VSTACK_CLUSTER_KEY: " a2V5 ", VSTACK_HOST: "" }, noFile)).toEqual({
      port: 8080,
      host: "127.0.0.1",
      dataFolder: "/data",
      publicUrl: undefined,
      pagesFolder: undefined,
      clusterKeyText: "a2V5",
      lab: false,
      labCopies: undefined,
      ffmpeg: undefined,
      ladder: "auto",
      acceptors: 5,
      replaceAfterSeconds: 600,
      logLevel: "info",
    });
  });

  it("reads the key from its file", () => {
    const config = readConfig({ VSTACK_DATA: "/data", VSTACK_CLUSTER_KEY_FILE: "/key" }, (path) => `${path}\n`);
    expect(config.clusterKeyText).toBe("/key");
  });

  it.each([
    [{}, "VSTACK_DATA"],
    [{ VSTACK_DATA: "/data" }, "VSTACK_CLUSTER_KEY"],
    [{ VSTACK_DATA: "/data", VSTACK_CLUSTER_KEY_FILE: "/none" }, "/none"],
    [{ VSTACK_DATA: "/data", VSTACK_CLUSTER_KEY: "k", VSTACK_PORT: "65536" }, "VSTACK_PORT"],
    [{ VSTACK_DATA: "/data", VSTACK_CLUSTER_KEY: "k", VSTACK_PUBLIC_URL: "ftp://x" }, "VSTACK_PUBLIC_URL"],
    [{ VSTACK_DATA: "/data", VSTACK_CLUSTER_KEY: "k", VSTACK_LAB: "maybe" }, "VSTACK_LAB"],
    [{ VSTACK_DATA: "/data", VSTACK_CLUSTER_KEY: "k", VSTACK_LAB_COPIES: "1" }, "VSTACK_LAB_COPIES"],
    [{ VSTACK_DATA: "/data", VSTACK_CLUSTER_KEY: "k", VSTACK_LADDER: "high" }, "VSTACK_LADDER"],
    [{ VSTACK_DATA: "/data", VSTACK_CLUSTER_KEY: "k", VSTACK_ACCEPTORS: "4" }, "VSTACK_ACCEPTORS"],
    [{ VSTACK_DATA: "/data", VSTACK_CLUSTER_KEY: "k", VSTACK_REPLACE_AFTER_SECONDS: "0" }, "REPLACE_AFTER_SECONDS"],
  ])("refuses %j and names %s", (environment, name) => {
    expect(() => readConfig(environment, noFile)).toThrow(name);
  });
});

describe("publicUrlOf()", () => {
  it("follows from host and port unless it was given", () => {
    const config = readConfig({ VSTACK_DATA: "/data", VSTACK_CLUSTER_KEY: "k", VSTACK_HOST: "::1" }, noFile);
    expect(publicUrlOf(config, 81)).toBe("http://[::1]:81");
    expect(publicUrlOf({ ...config, publicUrl: "https://v.test" }, 81)).toBe("https://v.test");
  });
});
