/**
 * How a node looks everywhere: one colour of the Okabe-Ito set and one pattern, both from its id alone, so that a node
 * keeps its look over pages, reloads and the coming and going of others. The pattern says it again without colour.
 */

export const NODE_PATTERNS = ["solid", "rising", "dots", "level", "falling", "upright"] as const;
export type NodePattern = (typeof NODE_PATTERNS)[number];

/** Colours in theme.css: --node-1 ... --node-7. */
const NODE_COLOURS = 7;

export interface NodeLook {
  /** CSS colour. */
  readonly colour: string;
  readonly pattern: NodePattern;
}

/**
 * Ids that end in a number (`node-3`) take the look of that number: the first six differ in colour and in pattern, and
 * with 7 colours against 6 patterns the first 42 differ in one of them. Other ids are hashed.
 */
export function nodeLook(nodeId: string): NodeLook {
  const number = /(\d{1,6})$/.exec(nodeId)?.[1];
  const index = number === undefined ? fnv1a(nodeId) : Math.max(0, Number(number) - 1);
  return {
    colour: `var(--node-${(index % NODE_COLOURS) + 1})`,
    pattern: NODE_PATTERNS[index % NODE_PATTERNS.length] ?? "solid",
  };
}

/** What no node delivered: our cache, the gateway. */
export const NO_NODE_LOOK: NodeLook = { colour: "var(--node-none)", pattern: "solid" };

const INK = "rgb(0 0 0 / 0.34)";
const PATTERN_IMAGES: Readonly<Record<NodePattern, string>> = {
  solid: "none",
  rising: `repeating-linear-gradient(135deg, ${INK} 0 1.5px, transparent 1.5px 5px)`,
  dots: `radial-gradient(circle at 2px 2px, ${INK} 1.2px, transparent 1.6px) 0 0 / 5px 5px`,
  level: `repeating-linear-gradient(0deg, ${INK} 0 1.5px, transparent 1.5px 4px)`,
  falling: `repeating-linear-gradient(45deg, ${INK} 0 1.5px, transparent 1.5px 5px)`,
  upright: `repeating-linear-gradient(90deg, ${INK} 0 1.5px, transparent 1.5px 4px)`,
};

/** The look as a value of the CSS property `background`. */
export function nodeBackground(look: NodeLook): string {
  const image = PATTERN_IMAGES[look.pattern];
  return image === "none" ? look.colour : `${image}, ${look.colour}`;
}

/** FNV-1a, 32 bits (Fowler, Noll, Vo): spreads short texts evenly. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
