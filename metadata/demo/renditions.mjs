/**
 * The three qualities of the demo video. `crf` is x264's constant quality (smaller is better and larger); `hud` enlarges
 * the writing where pixels are few: corners, caption, labels.
 */
export const renditions = [
  { name: "720p", width: 1280, height: 720, crf: 27.5, hud: { corner: 1, caption: 1, label: 1, small: 1 } },
  { name: "480p", width: 854, height: 480, crf: 28.5, hud: { corner: 1.15, caption: 1.12, label: 1.1, small: 1.15 } },
  { name: "240p", width: 426, height: 240, crf: 28, hud: { corner: 1.4, caption: 1.35, label: 1.25, small: 1.4 } },
];
