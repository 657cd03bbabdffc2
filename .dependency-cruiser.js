/**
 * Who may import whom: docs/architecture.md draws this table, this file enforces it.
 * A new room or a new package in a room is one line here, so that it is seen in review.
 */

const TEST = "\\.(test|contract)\\.ts$";
/** Compiles the kernel of core/erasure while developing; no part of the product. */
const KERNEL_BUILD = "^core/erasure/kernel/build-kernel\\.mjs$";
const WEB_ROOMS = ["core", "wire/contract", "wire/client", "wire/exchange"];

/** Room -> the rooms and packages that it may import besides itself. */
const ROOMS = {
  "wire/contract": { rooms: ["core"], packages: ["valibot"] },
  "wire/client": { rooms: ["core", "wire/contract"], packages: ["valibot"] },
  "wire/exchange": { rooms: ["core", "wire/contract", "wire/client"], packages: ["valibot"] },
  "wire/server": {
    rooms: ["core", "wire/contract"],
    packages: ["hono", "@hono/node-server", "valibot", "pino", "prom-client"],
    node: true,
  },
  sw: { rooms: WEB_ROOMS, packages: ["idb", "valibot"] },
  player: { rooms: WEB_ROOMS, packages: ["lit", "hls.js", "media-chrome", "tus-js-client", "valibot", "vite"] },
  nodes: {
    rooms: ["core", "wire/contract", "wire/client", "wire/server"],
    packages: ["hono", "@hono/node-server", "valibot", "pino", "prom-client", "kysely", "libsql"],
    node: true,
  },
  metadata: {
    rooms: [...WEB_ROOMS, "wire/server"],
    packages: [
      ...["hono", "@hono/node-server", "valibot", "pino", "prom-client", "kysely", "libsql"],
      ...["@tus/server", "@tus/file-store", "mediabunny", "hls-parser"],
      ...["hono-openapi", "@valibot/to-json-schema", "openapi-types", "rapidoc"],
    ],
    node: true,
  },
  cli: {
    rooms: [...WEB_ROOMS, "wire/server"],
    packages: ["commander", "tus-js-client", "mediabunny", "valibot"],
    node: true,
  },
  // The tortured cluster is driven by what drives the real one: proposers, changes of members; its links are the benchmark's.
  e2e: {
    rooms: [...WEB_ROOMS, "wire/server", "metadata/consensus", "cli/bench/links"],
    packages: ["playwright", "axe-core", "vite", "vitest", "fast-check", "valibot"],
    node: true,
  },
};

/** Folder of core -> what it may import besides itself and the words at the top of core. Simulation may import all of core. */
const CORE_FOLDERS = {
  estimate: [],
  erasure: ["core/placement/blocks\\.ts$"],
  consensus: [],
  placement: [],
  media: [],
  playback: [],
  network: [],
  schedule: ["core/estimate/", "core/erasure/(geometry|read-parts)\\.ts$", "core/placement/(record|blocks)\\.ts$"],
  redundancy: ["core/erasure/geometry\\.ts$", "core/placement/"],
};
CORE_FOLDERS.benchmark = Object.keys(CORE_FOLDERS).map((folder) => `core/${folder}/`);
CORE_FOLDERS.simulation = ["core/"];

const CORE_WORDS = "^core/[^/]+\\.ts$";
const escaped = (name) => name.replaceAll(".", "\\.");
const inPackage = (name) => `(^|/)node_modules/(@types/)?${escaped(name)}/`;

const coreRules = [
  {
    name: "core-has-no-packages",
    comment: "core decides and nothing else: take what you need as an argument, or move the code to wire/ or a program",
    from: { path: "^core/", pathNot: [TEST, KERNEL_BUILD] },
    to: { pathNot: "^core/" },
  },
  {
    name: "core-tests-stay-in-core",
    comment: "A test of core may use all of core, Node and the test tools, but no floor above",
    from: { path: `^core/.*${TEST}` },
    to: { path: "^(wire|sw|player|nodes|metadata|cli|e2e)/" },
  },
  {
    name: "core-words-are-the-bottom",
    comment:
      "The files at the top of core (units, ids, random, invariant) are used by its folders, not the other way round",
    from: { path: CORE_WORDS, pathNot: TEST },
    to: { path: "^core/", pathNot: CORE_WORDS },
  },
  {
    name: "core-folder-is-in-the-order",
    comment: "Give the new folder of core its place in the order: CORE_FOLDERS in .dependency-cruiser.js",
    from: { path: "^core/[^/]+/", pathNot: `^core/(${Object.keys(CORE_FOLDERS).join("|")})/` },
    to: { path: "^core/[^/]+/" },
  },
  ...Object.entries(CORE_FOLDERS).map(([folder, below]) => ({
    name: `core-${folder}-order`,
    comment: `core/${folder} may import itself, the words at the top of core${below.length ? ` and ${below.join(", ")}` : ""}`,
    from: { path: `^core/${folder}/`, pathNot: TEST },
    to: { path: "^core/", pathNot: [CORE_WORDS, `^core/${folder}/`, ...below.map((path) => `^${path}`)] },
  })),
];

const roomRules = Object.entries(ROOMS).flatMap(([room, { rooms, packages, node }]) => {
  const allowed = [room, ...rooms].map((name) => `^${name}/`);
  const builtIns = node ? { dependencyTypesNot: ["core"] } : {};
  return [
    {
      name: `${room.replace("/", "-")}-may-import`,
      comment: `${room} may import ${[...rooms, ...packages, ...(node ? ["Node"] : [])].join(", ")}`,
      from: { path: `^${room}/`, pathNot: TEST },
      to: { pathNot: [...allowed, ...packages.map(inPackage)], ...builtIns },
    },
    {
      name: `${room.replace("/", "-")}-tests-may-import`,
      comment: `A test in ${room} may import its own room and the floors below, any package and Node`,
      from: { path: `^${room}/.*${TEST}` },
      to: { path: "^(core|wire|sw|player|nodes|metadata|cli|e2e)/", pathNot: [...allowed, ...testFloors(room)] },
    },
  ];
});

/** What lies below a room for its tests: a program's tests may use the whole wire, a wire room's only what the room may. */
function testFloors(room) {
  return room.startsWith("wire/") || room === "e2e" ? [] : ["^core/", "^wire/"];
}

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-cycles",
      comment: "Two files that need each other are one idea, or hide a third file: move the shared thing there",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "resolves",
      comment: "The imported file or package does not exist: imports name the file with its .ts",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "tests-are-not-imported",
      comment: "Product code must not need a test; a contract suite is imported by tests only",
      severity: "error",
      from: { path: "^(core|wire|sw|player|nodes|metadata|cli)/", pathNot: TEST },
      to: { path: TEST },
    },
    ...[...coreRules, ...roomRules].map((rule) => ({ severity: "error", ...rule })),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|\\.tsc|\\.vstack|test-results|playwright-report)/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".js", ".mjs", ".cjs", ".d.ts", ".json"],
    },
  },
};
