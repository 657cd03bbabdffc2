/**
 * What the page takes to its first frame where the network takes nothing: scripts, playlists, decoding, and with the worker
 * its way. The simulator has none of it; a browser tier measures it, and calibrate.ts adds it to simulated startups.
 */
export interface PageStartup {
  readonly workerMs: number;
  /** Plain hls.js. */
  readonly plainMs: number;
}
