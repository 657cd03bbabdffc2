/** The controls that we take from media-chrome, each by itself, and how we spell their names. */
import "media-chrome/dist/media-captions-button.js";
import "media-chrome/dist/media-control-bar.js";
import "media-chrome/dist/media-controller.js";
import "media-chrome/dist/media-fullscreen-button.js";
import "media-chrome/dist/media-loading-indicator.js";
import "media-chrome/dist/media-mute-button.js";
import "media-chrome/dist/media-pip-button.js";
import "media-chrome/dist/media-play-button.js";
import "media-chrome/dist/media-time-display.js";
import "media-chrome/dist/media-time-range.js";
import "media-chrome/dist/media-volume-range.js";
import { En } from "media-chrome/dist/lang/en.js";
import { addTranslation, setLanguage } from "media-chrome/dist/utils/i18n.js";

// The pages are in English, whatever the browser's language: half-translated controls would be worse.
setLanguage("en");
addTranslation("en", {
  ...En,
  play: "Play",
  pause: "Pause",
  mute: "Mute",
  unmute: "Unmute",
  "enter picture in picture mode": "Picture in picture",
  "exit picture in picture mode": "Leave picture in picture",
  "enter fullscreen mode": "Fullscreen",
  "exit fullscreen mode": "Leave fullscreen",
});
