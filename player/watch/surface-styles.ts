/** How the player looks: dark in both themes, as the picture decides. */
import { css } from "lit";

export const surfaceStyles = css`
  :host {
    display: block;
    --media-primary-color: #ffffff;
    --media-secondary-color: transparent;
    --media-control-background: transparent;
    --media-control-hover-background: rgb(255 255 255 / 0.16);
    --media-control-height: 24px;
    --media-control-padding: 10px;
    --media-font-family: var(--font);
    --media-font-size: 0.875rem;
    --media-range-bar-color: #ffffff;
    --media-range-track-background: rgb(255 255 255 / 0.3);
    --media-time-range-buffered-color: rgb(255 255 255 / 0.45);
    --media-range-thumb-background: #ffffff;
    --media-focus-box-shadow: inset 0 0 0 3px #c3c8ff;
  }
  media-controller {
    display: block;
    width: 100%;
    aspect-ratio: 16 / 9;
    /* Below a docked panel there is nothing to see: the picture gets smaller instead. */
    max-height: min(76vh, 56rem, max(11rem, 100dvh - var(--vstack-dock-height, 0px) - 8.5rem));
    overflow: hidden;
    border-radius: var(--radius-large) var(--radius-large) 0 0;
    background: #000;
  }
  media-controller:fullscreen {
    max-height: none;
    border-radius: 0;
  }
  :host([fill]) media-controller {
    height: 100%;
    max-height: none;
    aspect-ratio: auto;
    border-radius: 0;
  }
  /* Among the controls, as media-chrome hides its own poster for good at the first play; below all of them. */
  .art {
    position: absolute;
    inset: 0;
    z-index: 0;
    display: grid;
    place-items: center;
    pointer-events: none;
    color: rgb(255 255 255 / 0.92);
    font-size: clamp(3rem, 12vw, 7rem);
    font-weight: 300;
    letter-spacing: 0.12em;
    text-indent: 0.12em;
  }
  .art img {
    width: 100%;
    height: 100%;
    object-fit: contain;
  }
  video {
    width: 100%;
    height: 100%;
    object-fit: contain;
  }
  media-time-range,
  media-control-bar {
    position: relative;
    z-index: 1;
  }
  media-time-range {
    width: 100%;
    height: 28px;
    /* From edge to edge, so that the seek bar and the band below it share one scale of time. */
    padding: 0;
    --media-range-padding: 0;
    --media-range-track-height: 4px;
    background: linear-gradient(transparent, rgb(0 0 0 / 0.55));
  }
  media-control-bar {
    display: flex;
    align-items: center;
    width: 100%;
    padding: 0 4px 4px;
    background: rgb(0 0 0 / 0.55);
  }
  media-control-bar > * {
    flex: none;
    min-height: var(--target);
  }
  media-control-bar > media-play-button,
  media-control-bar > media-mute-button,
  media-control-bar > media-pip-button,
  media-control-bar > media-captions-button,
  media-control-bar > media-fullscreen-button {
    min-width: var(--target);
    border-radius: var(--radius);
  }
  media-volume-range {
    width: 84px;
  }
  media-time-display {
    font-variant-numeric: tabular-nums;
    padding: 0 8px;
  }
  /* These draw a ring of their own, inside. */
  media-control-bar > :focus-visible:not(select),
  media-time-range:focus-visible {
    outline: none;
  }
  media-control-bar > .gap {
    flex: 1;
  }
  select {
    border: 0;
    background: transparent;
    color: #fff;
    color-scheme: dark;
    font-size: 0.875rem;
    padding: 0 8px;
    cursor: pointer;
  }
  select:hover {
    background: rgb(255 255 255 / 0.16);
  }
  select:focus-visible {
    outline: 3px solid #c3c8ff;
    outline-offset: -3px;
  }
  media-captions-button:not([mediasubtitleslist]) {
    display: none;
  }
  /* Captions make room for the controls: seek bar and buttons. */
  media-controller:is(:not([userinactive]), [mediapaused]) video::-webkit-media-text-track-container {
    transform: translateY(calc(-28px - var(--target) - 4px));
  }
  .fault {
    position: absolute;
    inset: 0;
    z-index: 2;
    display: grid;
    align-content: center;
    justify-items: center;
    gap: var(--space-3);
    padding: var(--space-5);
    background: rgb(10 12 16 / 0.86);
    color: #f4f5f7;
    text-align: center;
    pointer-events: auto;
  }
  .fault-title {
    font-size: var(--size-large);
    font-weight: 600;
  }
  .fault p {
    max-width: 46ch;
  }
  .trouble {
    position: absolute;
    top: 12px;
    left: 12px;
    max-width: calc(100% - 24px);
    padding: 6px 12px;
    border-radius: var(--radius);
    background: rgb(10 12 16 / 0.8);
    color: #f4f5f7;
    font-size: var(--size-small);
  }
  @media (max-width: 34rem) {
    media-controller {
      border-radius: 0;
    }
    media-volume-range,
    media-pip-button {
      display: none;
    }
    media-time-display {
      padding: 0 2px;
    }
    /* The menus share what is left of the line; when that is too little, they take a second one. */
    media-control-bar {
      flex-wrap: wrap;
      justify-content: end;
    }
    media-control-bar > select {
      flex: 100 1 3.25rem;
      width: 3.25rem;
      max-width: 5.5rem;
      padding: 0 2px;
      appearance: none;
      text-align: center;
      text-overflow: ellipsis;
    }
    /* That menu switches them off, too. */
    select[aria-label="Captions in"] ~ media-captions-button {
      display: none;
    }
  }
  @media (max-width: 23rem) {
    /* The phone's own keys set the volume. */
    media-mute-button {
      display: none;
    }
  }
`;
