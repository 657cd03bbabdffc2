/** Which class, and so which colour, strategies and nodes have in every picture of a report; style.ts has the colours. */

const NAMED: readonly string[] = ["smart", "naive", "nearest", "random", "original", "hls-default", "hls-tuned"];
const OTHERS = 4;
const NODES = 7;

export function strategyClass(strategy: string): string {
  if (NAMED.includes(strategy)) return `is-${strategy}`;
  let sum = 0;
  for (const letter of strategy) sum += letter.charCodeAt(0);
  return `is-other-${sum % OTHERS}`;
}

/** By place among the nodes of the network. */
export function nodeClass(at: number): string {
  return `node-${(at % NODES) + 1}`;
}

/** One entry for each strategy. */
export function legend(strategies: readonly string[]): string {
  const entries = strategies.map((name) => `<li class="${strategyClass(name)}"><i></i>${name}</li>`);
  return `<ul class="legend">${entries.join("")}</ul>`;
}
