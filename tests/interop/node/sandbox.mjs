// Opens the public CDS Hooks sandbox in headless Chromium, waits for our cards, and does with them what a clinician does.
//
// In: {"address": page with its query, "take": label of a suggestion to take, or nothing, "dismiss": text of a reason, or nothing,
//      "screenshot": file, or nothing}
// Out: {"cards": texts of the cards, "markup": HTML of their details, "sent": bodies of the feedback, "statuses": of the answers to it,
//       "errors": what the page complained of}
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { answerLines } from "./lines.mjs";

const profile = mkdtempSync(join(tmpdir(), "sandbox-"));
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  userDataDir: profile,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
  ],
});
const isHere = (url) => /^(https?:\/\/127\.0\.0\.1[:/]|data:)/.test(url);

async function visit({ address, take, dismiss, screenshot }) {
  const tab = await browser.newPage();
  const errors = [];
  const sent = [];
  const statuses = [];
  await tab.setRequestInterception(true);
  tab.on("request", (request) => (isHere(request.url()) ? request.continue() : request.abort()).catch(() => {}));
  tab.on("pageerror", (error) => errors.push(String(error)));
  tab.on("response", (response) => {
    const request = response.request();
    if (request.url().endsWith("/feedback") && request.method() === "POST") {
      sent.push(JSON.parse(request.postData()));
      statuses.push(response.status());
    }
  });
  const feedback = (count) => tab.waitForFunction(() => true).then(async () => {
    for (let tries = 0; sent.length < count && tries < 100; tries += 1) {
      await new Promise((next) => setTimeout(next, 50));
    }
  });
  try {
    await tab.setViewport({ width: 1500, height: 1900 });
    await tab.goto(address, { waitUntil: "load" });
    await tab.waitForFunction(() => document.querySelectorAll(".MuiCard-root").length > 0, { timeout: 30000 });
    await new Promise((next) => setTimeout(next, 1000)); // several services answer, one after the other
    const cards = await tab.$$eval(".MuiCard-root", (found) => found.map((card) => card.innerText));
    const markup = await tab.$$eval(".MuiCard-root", (found) => found.map((card) => card.innerHTML));
    if (screenshot) {
      await tab.screenshot({ path: screenshot, fullPage: true });
    }
    const press = (label) =>
      tab.evaluate((text) => {
        const button = [...document.querySelectorAll(".MuiCard-root button, li[role=menuitem]")].find((one) =>
          one.innerText.toLowerCase().includes(text.toLowerCase()),
        );
        button?.click();
        return Boolean(button);
      }, label);
    if (take && !(await press(take))) {
      errors.push(`no suggestion ${take}`);
    }
    if (take) {
      await feedback(1);
    }
    if (dismiss) {
      await tab.click('button[aria-label="select dismiss reason"]');
      await tab.waitForSelector("li[role=menuitem]");
      if (!(await press(dismiss))) {
        errors.push(`no reason ${dismiss}`);
      }
      await feedback(take ? 2 : 1);
    }
    return { cards, markup, sent, statuses, errors };
  } catch (error) {
    if (screenshot) {
      await tab.screenshot({ path: screenshot, fullPage: true });
    }
    return { cards: [], markup: [], sent, statuses, errors: [...errors, String(error)] };
  } finally {
    await tab.close();
  }
}

try {
  await answerLines(visit);
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
