/** Which node brought how much: one bar for each strategy on one network. */
import { figureText } from "../figure-text.ts";
import { nodeClass } from "./colours.ts";
import { box, picture, words } from "./svg.ts";

export interface ShareBar {
  readonly strategy: string;
  /** Bytes of each node, in the order of the network. */
  readonly nodes: readonly { readonly nodeId: string; readonly receivedBytes: number }[];
}

const NAME_WIDTH = 90;
const BAR_WIDTH = 290;
const ROW_HEIGHT = 22;

export function shareBars(title: string, bars: readonly ShareBar[]): string {
  const content = bars.flatMap(({ strategy, nodes }, at) => {
    const total = nodes.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0);
    const top = at * ROW_HEIGHT;
    let before = 0;
    const parts = nodes.map(({ nodeId, receivedBytes }, place) => {
      const share = total === 0 ? 0 : receivedBytes / total;
      const area = { x: NAME_WIDTH + before * BAR_WIDTH, y: top + 3, width: share * BAR_WIDTH, height: ROW_HEIGHT - 6 };
      before += share;
      return box(area, `part ${nodeClass(place)}`, `${strategy}, ${nodeId}: ${figureText(share, "share")}`);
    });
    return [words(0, top + 15, strategy), ...parts];
  });
  const size = { width: NAME_WIDTH + BAR_WIDTH + 4, height: bars.length * ROW_HEIGHT };
  return picture(size, `${title}: bytes by node`, content);
}
