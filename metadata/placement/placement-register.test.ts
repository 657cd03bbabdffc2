import { chunkServers } from "../chunk-servers.contract.ts";
import { consensusOver } from "../consensus/consensus-world.contract.ts";
import { IN_MEMORY, openDatabase } from "../database/open-database.ts";
import { memoryRegister } from "./memory-register.ts";
import { placementRegisterContract } from "./placement-register.contract.ts";

placementRegisterContract("memoryRegister()", () => Promise.resolve(memoryRegister()));
for (const nodeCount of [2, 3, 5]) {
  placementRegisterContract(`chunkPaxosRegister() over ${nodeCount} acceptors`, async () => {
    return (await consensusOver(chunkServers(nodeCount), openDatabase(IN_MEMORY))).register;
  });
}
