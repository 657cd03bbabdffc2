/**
 * The lint rules that types cannot express: promises that nobody awaits, switches that miss a case, and the few
 * globals that `lib` cannot take away. Formatting belongs to Biome. Every message says what to write instead.
 */
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const TESTS = ["**/*.test.ts", "**/*.contract.ts", "e2e/**"];
const THE_ONLY_FETCH = "wire/client/http.ts";

const GLOBAL_OBJECTS = ["globalThis", "self", "window"];

/** Bans a global both bare and as a property of the global object. */
const banGlobal = (name, message) => ({
  global: { name, message },
  properties: GLOBAL_OBJECTS.map((object) => ({ object, property: name, message })),
});

const fetchBan = banGlobal("fetch", `fetch() is called in ${THE_ONLY_FETCH} alone: use a client of wire/client/`);
const dateBan = banGlobal("Date", "Date is banned in core: take now as an argument (Milliseconds of core/units.ts)");
const randomBan = {
  object: "Math",
  property: "random",
  message: "Math.random is banned in core: take a Random argument (core/random.ts)",
};

export default defineConfig(
  { ignores: ["dist/", ".tsc/", ".vstack/", "test-results/", "playwright-report/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { allowDefaultCaseForExhaustiveSwitch: false, requireDefaultForNonUnion: true },
      ],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
      // `async` without `await` is how an implementation in memory keeps the promise of its port: it also turns throws into rejections.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/max-params": ["error", { max: 4 }],
      "max-lines": ["error", { max: 400 }],
      "no-restricted-globals": ["error", fetchBan.global],
      "no-restricted-properties": ["error", ...fetchBan.properties],
      eqeqeq: "error",
    },
  },
  {
    files: ["core/**/*.ts"],
    rules: {
      "no-restricted-globals": ["error", fetchBan.global, dateBan.global],
      "no-restricted-properties": ["error", randomBan, ...fetchBan.properties, ...dateBan.properties],
    },
  },
  {
    files: [THE_ONLY_FETCH],
    rules: { "no-restricted-globals": "off", "no-restricted-properties": "off" },
  },
  {
    // A test may be long. It may call fetch() to look from outside; in core its time and randomness stay arguments.
    files: TESTS,
    rules: { "max-lines": "off", "no-restricted-globals": "off", "no-restricted-properties": "off" },
  },
  {
    files: ["core/**/*.test.ts"],
    rules: {
      "no-restricted-globals": ["error", dateBan.global],
      "no-restricted-properties": ["error", randomBan, ...dateBan.properties],
    },
  },
);
