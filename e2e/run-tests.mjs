/**
 * `npm test`: every check, then the build, then the browser; at the end one plain line `N passed, N failed`.
 * `npm run test:long -- NAMES`: the long forms in e2e/long whose file names begin with these names; all without names.
 *
 * A stage that fails without naming a failed test counts as one failed; a skipped test counts as failed, as it proved
 * nothing. All stages run even after a failure, so that one run shows everything; the simulation of the agreement and the
 * browser need the build.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const top = fileURLToPath(new URL("..", import.meta.url));
const UNIT = { file: "test-results/unit.json", countsOf: unitCounts };
const SIMULATION = { file: "test-results/simulation.json", countsOf: simulationCounts };
const BROWSER = { file: "test-results/e2e.json", countsOf: browserCounts };
const total = { passed: 0, failed: 0 };
const failedStages = [];

process.chdir(top);
mkdirSync("test-results", { recursive: true });

if (process.argv.includes("--long")) await runLong(process.argv.slice(3).filter((word) => word !== "--"));
else await runAll();

if (failedStages.length > 0) console.log(`\nFailed: ${failedStages.join(", ")}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

async function runAll() {
  // Each of them keeps one core busy.
  await Promise.all([stage("lint", ["run", "--silent", "lint"]), otherChecks()]);
  const unit = ["--reporter=default", "--reporter=json", `--outputFile.json=${UNIT.file}`];
  await stage("unit", ["run", "--silent", "unit", "--", ...unit], UNIT);
  if (!(await stage("build", ["run", "--silent", "build"]))) return;
  await stage("simulation", ["run", "--silent", "simulation", "--", "--out", SIMULATION.file], SIMULATION);
  for (const project of ["flows", "measured"]) {
    await stage(project, ["exec", "--", "playwright", "test", `--project=${project}`], BROWSER);
  }
}

async function otherChecks() {
  await stage("types", ["run", "--silent", "types"]);
  await stage("boundaries", ["run", "--silent", "boundaries"]);
  await stage("dead code", ["run", "--silent", "dead-code"]);
  await stage("format", ["run", "--silent", "format:check"]);
}

async function runLong(names) {
  const specs = readdirSync("e2e", { recursive: true }).filter((path) => /^long[\\/].*\.spec\.ts$/.test(path));
  const chosen = specs.filter((path) => names.length === 0 || names.some((name) => isNamed(path, name)));
  const unknown = names.filter((name) => !specs.some((path) => isNamed(path, name)));
  if (unknown.length > 0 || chosen.length === 0) {
    console.error(`No long test ${unknown.length > 0 ? `is named ${unknown.join(", ")}` : "exists yet"} in e2e/long`);
    fail("long");
    return;
  }
  process.env.VSTACK_LONG = "1";
  const files = chosen.map((path) => `e2e/${path.replaceAll("\\", "/")}`);
  if (await stage("build", ["run", "--silent", "build"])) {
    await stage("long", ["exec", "--", "playwright", "test", ...files], BROWSER);
  }
}

/** Runs one npm command with its output shown; `report` tells how many tests it ran. Returns whether all went well. */
async function stage(name, npmArguments, report) {
  console.log(`\n== ${name}`);
  if (report) rmSync(report.file, { force: true });
  const startedMs = performance.now();
  const exitCode = await run(npmArguments);
  const counts = report ? readCounts(report) : { passed: 0, failed: 0 };
  total.passed += counts.passed;
  total.failed += counts.failed;
  const good = exitCode === 0 && counts.failed === 0;
  if (!good) fail(name, counts.failed > 0 ? 0 : 1);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`== ${name}: ${good ? "good" : "FAILED"} in ${seconds} s`);
  return good;
}

function run(npmArguments) {
  return new Promise((resolve) => {
    const child = spawn("npm", npmArguments, { stdio: "inherit", shell: process.platform === "win32" });
    child.on("error", () => resolve(1));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

function fail(name, count = 1) {
  failedStages.push(name);
  total.failed += count;
}

function readCounts({ file, countsOf }) {
  try {
    return countsOf(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    console.error(`Cannot count the tests of ${file}: ${error.message}`);
    return { passed: 0, failed: 1 };
  }
}

/** Vitest's report. A file that cannot load has no tests of its own, so it counts as one. */
function unitCounts({ numTotalTests, numPassedTests, testResults }) {
  const unloaded = testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  return { passed: numPassedTests, failed: numTotalTests - numPassedTests + unloaded.length };
}

/** A hundred thousand schedules that hold are one test passed. */
function simulationCounts({ verdict }) {
  return verdict === "passed" ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function browserCounts({ stats, errors }) {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + stats.skipped + errors.length };
}

function isNamed(path, name) {
  return path.split(/[\\/]/).at(-1).startsWith(name) || path.split(/[\\/]/).includes(name);
}
