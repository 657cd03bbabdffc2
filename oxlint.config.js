/**
 * The lint rules that types cannot express: promises that nobody awaits, switches that miss a case, and the few
 * globals that `lib` cannot take away. Formatting belongs to Biome. Every message says what to write instead.
 *
 * A file of JavaScript named on the command line, as a `.ts` one is read by Node 22 and newer only.
 */
import { defineConfig } from "oxlint";

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

/** The names of typescript-eslint's `strict-type-checked` set, whose rules these are. */
const STRICT = [
  ...["no-array-constructor", "no-unused-expressions", "no-unused-vars", "no-useless-constructor"],
  ...["no-var", "prefer-const", "prefer-rest-params", "prefer-spread", "eqeqeq"],
  ...[
    ...["await-thenable", "no-array-delete", "no-base-to-string", "no-deprecated", "no-duplicate-enum-values"],
    ...["no-duplicate-type-constituents", "no-dynamic-delete", "no-empty-object-type", "no-explicit-any"],
    ...["no-extra-non-null-assertion", "no-extraneous-class", "no-floating-promises", "no-for-in-array"],
    ...["no-generated-empty-object-type", "no-implied-eval", "no-invalid-void-type", "no-meaningless-void-operator"],
    ...["no-misused-new", "no-misused-promises", "no-misused-spread", "no-mixed-enums", "no-namespace"],
    ...["no-non-null-asserted-nullish-coalescing", "no-non-null-asserted-optional-chain", "no-non-null-assertion"],
    ...["no-redundant-type-constituents", "no-require-imports", "no-this-alias", "no-unnecessary-type-arguments"],
    ...["no-unnecessary-boolean-literal-compare", "no-unnecessary-template-expression", "no-unsafe-return"],
    ...["no-unnecessary-type-assertion", "no-unnecessary-type-constraint", "no-unnecessary-type-conversion"],
    ...["no-unnecessary-type-parameters", "no-unsafe-argument", "no-unsafe-assignment", "no-unsafe-call"],
    ...["no-unsafe-declaration-merging", "no-unsafe-enum-comparison"],
    ...["no-unsafe-function-type", "no-unsafe-member-access", "no-unsafe-unary-minus", "no-wrapper-object-types"],
    ...["no-useless-default-assignment", "only-throw-error", "prefer-as-const", "prefer-literal-enum-member"],
    ...["prefer-namespace-keyword", "prefer-promise-reject-errors", "prefer-reduce-type-parameter"],
    ...["prefer-return-this-type", "related-getter-setter-pairs", "triple-slash-reference", "unbound-method"],
    ...["unified-signatures", "use-unknown-in-catch-callback-variable"],
  ].map((name) => `typescript/${name}`),
];

export default defineConfig({
  plugins: ["typescript"],
  categories: { correctness: "off" },
  options: { typeAware: true },
  ignorePatterns: ["dist/", ".tsc/", ".vstack/", "test-results/", "playwright-report/"],
  overrides: [
    {
      files: ["**/*.ts"],
      rules: {
        ...Object.fromEntries(STRICT.map((name) => [name, "error"])),
        "typescript/ban-ts-comment": ["error", { minimumDescriptionLength: 10 }],
        "typescript/restrict-plus-operands": [
          "error",
          {
            ...{ allowAny: false, allowBoolean: false, allowNullish: false },
            ...{ allowNumberAndString: false, allowRegExp: false },
          },
        ],
        "typescript/return-await": ["error", "error-handling-correctness-only"],
        "typescript/switch-exhaustiveness-check": [
          "error",
          { allowDefaultCaseForExhaustiveSwitch: false, requireDefaultForNonUnion: true },
        ],
        "typescript/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
        "typescript/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
        "typescript/no-unnecessary-condition": ["error", { allowConstantLoopConditions: "only-allowed-literals" }],
        "max-params": ["error", { max: 4 }],
        "max-lines": ["error", { max: 400 }],
        "no-restricted-globals": ["error", fetchBan.global],
        "no-restricted-properties": ["error", ...fetchBan.properties],
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
  ],
});
