/** What a view of the play asks of the page: to go to a frame, to play, to act, to light up a message everywhere. */
import type { UserAction } from "#core/simulation/consensus/user-actions.ts";

export type PlayWish =
  | { readonly want: "go"; readonly at: number }
  /** Starts or pauses. */
  | { readonly want: "play" }
  | { readonly want: "speed"; readonly stepsPerSecond: number }
  /** To the next decision or violation. */
  | { readonly want: "next decision" }
  | { readonly want: "act"; readonly action: UserAction }
  /** Null: none. */
  | { readonly want: "select"; readonly message: number | null };

export const PLAY_WISH = "vstack-play-wish";

export class PlayWishEvent extends Event {
  readonly wish: PlayWish;

  constructor(wish: PlayWish) {
    super(PLAY_WISH, { bubbles: true, composed: true });
    this.wish = wish;
  }
}
