/** The memory of a simulated acceptor, as its machine asks for it: what is on the disk, and what is about to be. */
import type { AcceptorMemory, GroupMemory, Register, Write } from "../../consensus/acceptor.ts";
import type { KeyState } from "../../consensus/messages.ts";
import type { Body } from "./events.ts";

/** There is one group in a simulated world. */
export class Disk implements AcceptorMemory<Body> {
  readonly incarnation: string;
  readonly groups: Map<number, GroupMemory>;
  readonly registers: Map<string, Register<Body>>;

  constructor(incarnation: string, from?: Disk) {
    this.incarnation = incarnation;
    this.groups = new Map(from?.groups);
    this.registers = new Map(from?.registers);
  }

  group(group: number): GroupMemory | undefined {
    return this.groups.get(group);
  }

  register(key: string): Register<Body> | undefined {
    return this.registers.get(key);
  }

  accepted(_group: number, after: string, limit: number): KeyState<Body>[] {
    const states: KeyState<Body>[] = [];
    for (const key of [...this.registers.keys()].sort()) {
      const accepted = this.registers.get(key)?.accepted ?? null;
      if (key > after && accepted !== null && states.length < limit) states.push({ key, accepted });
    }
    return states;
  }

  apply(write: Write<Body>): void {
    if (write.write === "group") this.groups.set(write.group, write.memory);
    else this.registers.set(write.key, write.register);
  }
}
