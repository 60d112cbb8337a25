// JSON lines: one question a line on standard input, one answer a line on standard output, in the same order.
import { createInterface } from "node:readline";

console.log = console.error; // engines that trace must not write between the answers

export async function answerLines(answer) {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (line.trim()) {
      process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
    }
  }
}
