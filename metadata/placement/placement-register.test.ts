import { IN_MEMORY, openDatabase } from "../database/open-database.ts";
import { memoryRegister } from "./memory-register.ts";
import { placementRegisterContract } from "./placement-register.contract.ts";
import { sqliteRegister } from "./sqlite-register.ts";

placementRegisterContract("memoryRegister()", memoryRegister);
placementRegisterContract("sqliteRegister()", () => sqliteRegister(openDatabase(IN_MEMORY)));
