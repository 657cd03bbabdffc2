/** The player's own menus: quality, speed, sound, captions. Native selects: known to every keyboard, phone and reader. */
import { html, nothing } from "lit";
import type { Playback } from "../state/playback-store.ts";
import type { Track } from "./hls-engine.ts";
import { SPEEDS } from "./keys.ts";

/** Calls back with the chosen number. */
type Choose = (chosen: number) => void;

const chosenIn = (choose: Choose) => (event: Event) => {
  if (event.target instanceof HTMLSelectElement) choose(Number(event.target.value));
};

/** One quality needs no menu. */
export function renderQuality({ qualities, shownQuality, chosenQuality }: Playback, choose: Choose) {
  if (qualities.length < 2) return nothing;
  const shown = qualities.find((quality) => quality.index === shownQuality);
  const isNamed = shown !== undefined && chosenQuality === -1 && shown.height > 0;
  const highestFirst = [...qualities].sort((a, b) => b.bitsPerSecond - a.bitsPerSecond);
  return html`<select aria-label="Quality" @change=${chosenIn(choose)}>
    <option value="-1" ?selected=${chosenQuality === -1}>${isNamed ? `Auto (${shown.height}p)` : "Auto"}</option>
    ${highestFirst.map(
      ({ index, height, rendition }) =>
        html`<option value=${index} ?selected=${chosenQuality === index}>${height > 0 ? `${height}p` : rendition}</option>`,
    )}
  </select>`;
}

export function renderSpeed(speed: number, choose: Choose) {
  return html`<select aria-label="Speed" @change=${chosenIn(choose)}>
    ${SPEEDS.map((offered) => html`<option value=${offered} ?selected=${offered === speed}>${offered}×</option>`)}
  </select>`;
}

/** One track needs no menu. */
export function renderSound({ audioTracks, shownAudio }: Playback, choose: Choose) {
  if (audioTracks.length < 2) return nothing;
  return html`<select aria-label="Sound" @change=${chosenIn(choose)}>
    ${audioTracks.map((track) => renderTrack(track, shownAudio))}
  </select>`;
}

/** One track needs no menu beside the captions button. */
export function renderCaptions({ subtitleTracks, shownSubtitles }: Playback, choose: Choose) {
  if (subtitleTracks.length < 2) return nothing;
  return html`<select aria-label="Captions in" @change=${chosenIn(choose)}>
    <option value="-1" ?selected=${shownSubtitles === -1}>No captions</option>
    ${subtitleTracks.map((track) => renderTrack(track, shownSubtitles))}
  </select>`;
}

function renderTrack({ index, name }: Track, shown: number) {
  return html`<option value=${index} ?selected=${index === shown}>${name}</option>`;
}
