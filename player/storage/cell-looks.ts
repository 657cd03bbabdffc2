/** How the states of a piece look, in the map and in its legend: border and sign say it again without colour. */
import { css } from "lit";

export const cellLooks = css`
  .intact.replica {
    border: 2px solid var(--accent);
    background: var(--accent-wash);
    color: var(--accent);
  }
  .intact.shard {
    border: 2px solid var(--good);
    color: var(--good);
  }
  .intact.parity {
    border: 4px double var(--good);
  }
  .missing {
    border: 2px dashed var(--bad);
    color: var(--bad);
    text-decoration: line-through;
  }
  .corrupt {
    border: 2px solid var(--bad);
    background: var(--bad);
    color: var(--surface);
  }
  .moving {
    border: 2px dotted var(--warn);
    background: var(--warn-wash);
    color: var(--warn);
  }
  .unknown {
    border: 2px dotted var(--line-strong);
    color: var(--ink-soft);
  }
`;
