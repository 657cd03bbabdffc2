/**
 * What happens in the demo video, and when: no pictures and no sound here, only the plan that both follow.
 *
 * While segment k plays, segment k+1 is fetched as 36 blocks from six storage nodes, each node giving one run of blocks.
 * One node falls silent in segment 5; what it still owed is fetched from the others; it comes back in segment 8 and is
 * trusted a little more with each segment. This is a drawing of the idea, not a measurement, so it shows no figures but
 * its own segment, frame and time.
 */

export const framesPerSecond = 24;
export const segmentSeconds = 4;
export const segmentCount = 12;
export const frameCount = framesPerSecond * segmentSeconds * segmentCount;
export const blockCount = 36;
export const nodeCount = 6;

export const silentNode = 4;
const silentFromSeconds = 21.3;
export const silentUntilSeconds = 32.9;

export const captions = [
  "Video from a handful of ordinary servers",
  "Six storage nodes, one viewer",
  "The viewer’s browser is the load balancer",
  "It measures every node",
  "and fetches each segment from several at once",
  "A node falls silent",
  "The others take over",
  "and the picture goes on",
  "The node comes back",
  "and earns its share again",
  "Every block is verified",
  "No CDN. No load balancer. Just V-Stack",
];

/** Small seeded generator (mulberry32), so that every run gives the same video. */
function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const isSilent = (node, seconds) => node === silentNode && seconds >= silentFromSeconds && seconds < silentUntilSeconds;

/** How many of the 36 blocks of a segment each node is asked for. */
function sharesOf(segment, random) {
  const weights = Array.from({ length: nodeCount }, () => 0.7 + 0.6 * random());
  const trust = { 7: 0, 8: 0, 9: 0.4, 10: 0.75 }[segment];
  if (trust !== undefined) weights[silentNode] = trust;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let given = 0;
  let passed = 0;
  return weights.map((weight) => {
    passed += weight;
    const share = Math.round((passed / sum) * blockCount) - given;
    given += share;
    return share;
  });
}

/**
 * Every block that travels: `{ segment, slot, node, depart, arrive, lost }`, times in seconds of the video.
 * `lost` is the moment at which the block was lost on the way, or null; a lost block is followed by another for its slot.
 */
function planTransfers() {
  const random = createRandom(1);
  const transfers = [];
  for (let segment = 0; segment < segmentCount; segment += 1) {
    const opens = (segment - 1) * segmentSeconds;
    let slot = 0;
    let rescued = 0;
    sharesOf(segment, random).forEach((share, node) => {
      const late = segment === 9 && node === silentNode ? 0.55 : 0;
      for (let index = 0; index < share; index += 1, slot += 1) {
        const part = late + ((1 - late) * (index + 0.5 + 0.5 * (random() - 0.5))) / share;
        const arrive = opens + 0.3 + 3.35 * part;
        const depart = arrive - 0.85 - 0.25 * random();
        const plan = { segment, slot, node, depart, arrive, lost: null };
        const stranded = isSilent(node, arrive) || isSilent(node, depart);
        if (!stranded || segment !== 6) {
          transfers.push(plan);
          continue;
        }
        if (depart < silentFromSeconds) transfers.push({ ...plan, lost: silentFromSeconds });
        const helper = (silentNode + (rescued % 2 === 0 ? 1 : nodeCount - 1)) % nodeCount;
        const again = silentFromSeconds + 0.55 + 0.22 * rescued;
        transfers.push({ ...plan, node: helper, depart: again, arrive: again + 0.8 });
        rescued += 1;
      }
    });
  }
  return transfers;
}

export const transfers = planTransfers();

/** For each segment the blocks that arrived, by slot. */
export const deliveries = Array.from({ length: segmentCount }, (_, segment) =>
  transfers
    .filter((transfer) => transfer.segment === segment && transfer.lost === null)
    .sort((a, b) => a.slot - b.slot),
);

const smooth = (value) => {
  const part = Math.min(1, Math.max(0, value));
  return part * part * (3 - 2 * part);
};

/** How awake a node is: 1 serving, 0 silent, with soft changes. */
export function vigour(node, seconds) {
  if (node !== silentNode) return 1;
  return 1 - smooth((seconds - silentFromSeconds) / 0.7) + smooth((seconds - silentUntilSeconds) / 0.9);
}

/** `HH:MM:SS:FF` of a frame. */
export function timecode(frame) {
  const two = (value) => String(value).padStart(2, "0");
  const seconds = Math.floor(frame / framesPerSecond);
  return [0, Math.floor(seconds / 60), seconds % 60, frame % framesPerSecond].map(two).join(":");
}
