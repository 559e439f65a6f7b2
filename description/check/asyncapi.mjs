// Reads the AsyncAPI document with its reference parser: problems are printed, and end with 1.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
// 0 and 1 are errors and warnings; below are hints, such as that a newer version of AsyncAPI is there.
const problems = diagnostics.filter(({ severity }) => severity < 2);
for (const { path, message } of problems) console.log(`${path.join(".")}: ${message}`);
if (!document || problems.length > 0) process.exit(1);
console.log(`AsyncAPI ${document.version()}: ${document.channels().length} channels, ${document.operations().length} operations`);
