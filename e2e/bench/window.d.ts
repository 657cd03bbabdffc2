/** What player/bench-player/main.ts puts on the window of its page, as a driver of the browser sees it. */
interface Window {
  benchPlayer: {
    prepare(ask: unknown): Promise<void>;
    play(): Promise<unknown>;
  };
}
