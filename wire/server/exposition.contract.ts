/**
 * Reads what `/metrics` answers, strictly (Prometheus, "Exposition formats", text format 0.0.4), and the tables of
 * docs/metrics.md, so that a test can hold one against the other.
 */
import { readFileSync } from "node:fs";

export interface Metric {
  readonly name: string;
  readonly type: string;
  /** Sorted; `le` of histograms left out. */
  readonly labels: readonly string[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const HELP = new RegExp(`^# HELP (${NAME}) (\\S.*)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (\\+Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$`);
const EACH_LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/g;

interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/**
 * What a server shows, by name. Every metric must have a sample, as one without would hide its labels.
 *
 * @param text body of `/metrics`
 * @throws Error naming the first line that is not of the format, or the first metric that contradicts itself
 */
export function exposedMetrics(text: string): Metric[] {
  if (!text.endsWith("\n")) throw new Error("The text does not end with a line feed");
  const families: { name: string; type: string; samples: Sample[] }[] = [];
  let helped = "";
  for (const line of text.slice(0, -1).split("\n")) {
    if (line === "") continue;
    const help = HELP.exec(line)?.[1];
    const [, typed, type] = TYPE.exec(line) ?? [];
    const open = families.at(-1);
    if (help !== undefined) {
      if (families.some(({ name }) => name === help)) throw new Error(`Explained twice: ${line}`);
      helped = help;
    } else if (typed !== undefined && type !== undefined) {
      if (typed !== helped) throw new Error(`Not right behind its HELP: ${line}`);
      families.push({ name: typed, type, samples: [] });
    } else {
      const sample = readSample(line);
      if (open === undefined || open.name !== helped || !belongs(sample.name, open)) {
        throw new Error(`Not below its TYPE: ${line}`);
      }
      open.samples.push(sample);
    }
  }
  return byName(families.map(checkedFamily));
}

function readSample(line: string): Sample {
  const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`Not a line of the format: ${line}`);
  const pairs = [...labels.matchAll(EACH_LABEL)].map(([, key = "", text = ""]) => [key, text] as const);
  if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error(`A label twice: ${line}`);
  return { name, labels: new Map(pairs), value: value === "+Inf" ? Infinity : Number(value) };
}

function belongs(sampleName: string, { name, type }: { name: string; type: string }): boolean {
  if (type !== "histogram") return sampleName === name;
  return ["_bucket", "_sum", "_count"].some((suffix) => sampleName === `${name}${suffix}`);
}

function checkedFamily({ name, type, samples }: { name: string; type: string; samples: Sample[] }): Metric {
  if (samples.length === 0) throw new Error(`${name} has no sample`);
  const series = samples.map((sample) => JSON.stringify([sample.name, [...sample.labels].sort()]));
  if (new Set(series).size < series.length) throw new Error(`A series of ${name} twice`);
  if ((type === "counter") !== name.endsWith("_total")) throw new Error(`${name} of type ${type} is misnamed`);
  if (type !== "gauge" && samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} below 0`);
  if (type === "histogram") checkBuckets(name, samples);
  const labels = new Set(samples.flatMap((sample) => [...sample.labels.keys()]));
  labels.delete("le");
  return { name, type, labels: [...labels].sort() };
}

/** Buckets rise with their bounds, and the last one holds everything. */
function checkBuckets(name: string, samples: readonly Sample[]): void {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = JSON.stringify([...sample.labels].filter(([label]) => label !== "le"));
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const [key, group] of groups) {
    const bounds = group
      .filter((sample) => sample.name === `${name}_bucket`)
      .map(({ labels, value }) => ({ bound: Number((labels.get("le") ?? "").replace("+Inf", "Infinity")), value }));
    const rise = bounds.every(({ bound, value }, index) => {
      const before = bounds[index - 1];
      return before === undefined || (bound > before.bound && value >= before.value);
    });
    const count = group.find((sample) => sample.name === `${name}_count`)?.value;
    const last = bounds.at(-1);
    const hasSum = group.some((sample) => sample.name === `${name}_sum`);
    if (!rise || !hasSum || last?.bound !== Infinity || last.value !== count) {
      throw new Error(`The buckets of ${name} ${key} contradict each other`);
    }
  }
}

/** The metrics in the tables of the named sections of docs/metrics.md, by name. */
export function documentedMetrics(...sections: readonly string[]): Metric[] {
  const text = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
  const metrics = sections.flatMap((section) => {
    const [, body] = text.split(`\n## ${section}\n`);
    if (body === undefined) throw new Error(`docs/metrics.md has no section "${section}"`);
    const rows = (body.split("\n## ")[0] ?? "").matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm);
    return [...rows].map(([, name = "", type = "", labels = ""]) => ({
      name,
      type,
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = ""]) => label).sort(),
    }));
  });
  return byName(metrics);
}

function byName(metrics: Metric[]): Metric[] {
  return metrics.sort((a, b) => (a.name < b.name ? -1 : 1));
}
