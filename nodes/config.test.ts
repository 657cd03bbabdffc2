import { describe, expect, test } from "vitest";
import { nodeUrls, readConfig } from "./config.ts";

const KEY = btoa("0123456789abcdef");
const MINIMAL = { VSTACK_NODE_ID: "node-1", VSTACK_PORT: "8081", VSTACK_DATA: "/data", VSTACK_CLUSTER_KEY: KEY };
const noFile = (): string => {
  throw new Error("ENOENT");
};

describe("readConfig()", () => {
  test("fills in defaults", () => {
    expect(readConfig(MINIMAL, noFile)).toEqual({
      nodeId: "node-1",
      port: 8081,
      host: "127.0.0.1",
      dataFolder: "/data",
      metadataUrl: undefined,
      publicUrl: undefined,
      internalUrl: undefined,
      clusterKeyText: KEY,
      capacityBytes: undefined,
      domain: undefined,
      threadCount: 4,
      lab: false,
      parentKeepsLedger: false,
      logLevel: "info",
    });
  });

  test("reads everything that is given, addresses without their last slash", () => {
    const config = readConfig(
      {
        ...MINIMAL,
        VSTACK_METADATA_URL: "http://meta:8080/",
        VSTACK_CAPACITY_BYTES: "1000000",
        VSTACK_DOMAIN: "house-2",
        UV_THREADPOOL_SIZE: "16",
        VSTACK_LAB: "1",
        VSTACK_LOG_LEVEL: "debug",
      },
      noFile,
    );
    expect(config).toMatchObject({
      metadataUrl: "http://meta:8080",
      capacityBytes: 1_000_000,
      domain: "house-2",
      threadCount: 16,
      lab: true,
      logLevel: "debug",
    });
  });

  test("reads the key from its file, and takes an empty variable for none", () => {
    const environment = { ...MINIMAL, VSTACK_CLUSTER_KEY: "", VSTACK_CLUSTER_KEY_FILE: "/key" };
    expect(readConfig(environment, (path) => `${KEY} from ${path}\n`).clusterKeyText).toBe(`${KEY} from /key`);
    expect(() => readConfig(environment, noFile)).toThrow(/key file "\/key" cannot be read/);
  });

  test.each([
    [{ VSTACK_NODE_ID: "Node 1" }, /VSTACK_NODE_ID is wrong: Expected a node id/],
    [{ VSTACK_NODE_ID: undefined }, /VSTACK_NODE_ID is wrong: It is not set/],
    [{ VSTACK_PORT: "65536" }, /VSTACK_PORT is wrong: Expected a port/],
    [{ VSTACK_PORT: "http" }, /VSTACK_PORT/],
    [{ VSTACK_DATA: "" }, /VSTACK_DATA is wrong: It is not set/],
    [{ VSTACK_METADATA_URL: "meta:8080" }, /VSTACK_METADATA_URL is wrong: Expected an http or https address/],
    [{ VSTACK_CAPACITY_BYTES: "1 GB" }, /VSTACK_CAPACITY_BYTES/],
    [{ VSTACK_DOMAIN: "house 2" }, /VSTACK_DOMAIN is wrong: Expected 1 to 64 letters/],
    [{ VSTACK_LAB: "yes" }, /VSTACK_LAB is wrong: Expected 1 or 0/],
    [{ VSTACK_LOG_LEVEL: "loud" }, /VSTACK_LOG_LEVEL/],
    [{ VSTACK_CLUSTER_KEY: undefined }, /neither VSTACK_CLUSTER_KEY nor VSTACK_CLUSTER_KEY_FILE/],
  ])("names what is wrong in %j", (change, message) => {
    expect(() => readConfig({ ...MINIMAL, ...change }, noFile)).toThrow(message);
  });
});

describe("nodeUrls()", () => {
  test.each([
    [{}, "http://127.0.0.1:9", "http://127.0.0.1:9"],
    [{ VSTACK_HOST: "0.0.0.0" }, "http://0.0.0.0:9", "http://127.0.0.1:9"],
    [{ VSTACK_HOST: "::" }, "http://[::]:9", "http://127.0.0.1:9"],
    [{ VSTACK_HOST: "10.0.0.7" }, "http://10.0.0.7:9", "http://10.0.0.7:9"],
    [{ VSTACK_PUBLIC_URL: "https://n1.example" }, "https://n1.example", "http://127.0.0.1:9"],
    [{ VSTACK_INTERNAL_URL: "http://n1:80" }, "http://127.0.0.1:9", "http://n1:80"],
  ])("of %j", (change, publicUrl, internalUrl) => {
    expect(nodeUrls(readConfig({ ...MINIMAL, ...change }, noFile), 9)).toEqual({ publicUrl, internalUrl });
  });
});
