/** The answers under way, by the names that the players gave them, so that a message can abort one. */

export interface UnderWay {
  /**
   * @param request null when the player gave no name; then no message can abort it
   * @returns what to call when the answer has ended
   */
  add(session: string, request: string | null, stop: AbortController): () => void;
  /** Aborts in this tick; an unknown name has ended already. */
  abort(session: string, request: string): void;
}

/** Bounded by what the browser lets its pages ask at once; each answer removes itself. */
export function underWay(): UnderWay {
  const stops = new Map<string, AbortController>();
  const keyOf = (session: string, request: string) => JSON.stringify([session, request]);
  return {
    add(session, request, stop) {
      if (request === null) return () => undefined;
      const key = keyOf(session, request);
      stops.set(key, stop);
      return () => {
        if (stops.get(key) === stop) stops.delete(key);
      };
    },
    abort(session, request) {
      stops.get(keyOf(session, request))?.abort();
    },
  };
}
