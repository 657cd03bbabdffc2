/** The name of a node as the title of its card, with the colour and pattern that it has everywhere. */
import { css } from "lit";

export const nodeNameStyles = css`
  h3 {
    display: flex;
    align-items: center;
    gap: var(--space-2);
    font-size: 1.0625rem;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .swatch {
    flex: none;
    width: 18px;
    height: 18px;
    border: 1px solid var(--node-edge);
    border-radius: 5px;
    forced-color-adjust: none;
  }
`;
