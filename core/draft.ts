/**
 * A value while it is being made or moved: whoever copied it may change the copy until it is handed on, and nobody ever
 * changes the value that it was copied from.
 *
 * States that change at every read of a body have a `copyOf...` that lists their members one by one: V8 makes such an
 * object in 20 to 50 ns, `{ ...state, change }` takes a microsecond (measured with Node 20). Whoever keeps no older state
 * makes one copy and moves it in place (`ownBook`, `moveOn`): a session has tens of thousands of reads.
 */
export type Draft<T> = { -readonly [Member in keyof T]: T[Member] };
