// @vitest-environment node
// The generated types against the contract that the api commits.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, test } from "vitest";

const contract = new URL("../../api/openapi.json", import.meta.url);

test.skipIf(!existsSync(contract))(
  "the api's types are those of its committed contract (else: npm run schema)",
  async () => {
    const expected = COMMENT_HEADER + astToString(await openapiTS(contract));
    expect(await readFile(new URL("../src/api/schema.ts", import.meta.url), "utf8")).toBe(expected);
  },
);
