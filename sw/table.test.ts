import { memoryTable } from "./table.ts";
import { tableContract } from "./table.contract.ts";

tableContract("memory", async (maxRows) => memoryTable(maxRows));
