// Renders Questionnaires with LHC-Forms in headless Chromium, as a host's page would, and reads the response back.
//
// In: {"name", "release": "R4", "questionnaire", "response": QuestionnaireResponse to show first, or nothing,
//      "steps": what a person does then, in order: {"question": linkId, "choose": code or text} or {"question", "type": text},
//      "screenshot": file, or nothing}
// Out: {"name", "response": what the form gives, "labels": how many questions are shown, "errors": what the page
//       complained of, "outside": addresses it asked for beyond this machine}
import { createServer } from "node:http";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { answerLines } from "./lines.mjs";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FILES = join(dirname(fileURLToPath(import.meta.url)), "node_modules/lforms/dist/lforms");
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".png": "image/png" };
const SCRIPTS = ["assets/lib/zone.min.js", "runtime.js", "polyfills.js", "main.js"].map((name) => `/webcomponent/${name}`);

const page = (release) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>form</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/webcomponent/styles.css"></head><body><div id="form"></div>
${[...SCRIPTS, `/fhir/${release}/lformsFHIR.min.js`].map((src) => `<script src="${src}"></script>`).join("\n")}
</body></html>`;

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
  if (pathname === "/") {
    response.setHeader("content-type", "text/html");
    response.end(page(searchParams.get("release")));
    return;
  }
  try {
    const body = readFileSync(join(FILES, normalize(pathname)));
    response.setHeader("content-type", TYPES[extname(pathname)] ?? "application/octet-stream");
    response.end(body);
  } catch {
    response.statusCode = 404;
    response.end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const here = `http://127.0.0.1:${server.address().port}`;

const profile = mkdtempSync(join(tmpdir(), "lhcforms-"));
const browser = await puppeteer.launch({
  executablePath: CHROMIUM,
  userDataDir: profile,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
  ],
});

async function fill({ name, release = "R4", questionnaire, response, steps = [], screenshot }) {
  const tab = await browser.newPage();
  const errors = [];
  const outside = [];
  await tab.setRequestInterception(true);
  tab.on("request", (request) => {
    const isHere = request.url().startsWith(here) || request.url().startsWith("data:");
    if (!isHere) {
      outside.push(request.url());
    }
    (isHere ? request.continue() : request.abort()).catch(() => {});
  });
  tab.on("pageerror", (error) => errors.push(String(error)));
  tab.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  try {
    await tab.setViewport({ width: 1100, height: 1400 });
    await tab.goto(`${here}/?release=${release}`, { waitUntil: "load" });
    await tab.waitForFunction(() => window.LForms?.Util?.addFormToPage && window.LForms?.FHIR, { timeout: 30000 });
    await tab.evaluate(
      async (form, shown, version) => {
        const { Util } = window.LForms;
        const read = Util.convertFHIRQuestionnaireToLForms(form, version);
        await Util.addFormToPage(shown ? Util.mergeFHIRDataIntoLForms(shown, read, version) : read, "form");
      },
      questionnaire,
      response ?? null,
      release,
    );
    await tab.waitForSelector("#form .lhc-question", { timeout: 30000 });
    for (const step of steps) {
      await (step.choose === undefined ? type(tab, step) : choose(tab, step));
    }
    await settled(tab);
    const labels = await tab.$$eval("#form .lhc-question", (found) => found.length);
    const given = await tab.evaluate(
      (version) => window.LForms.Util.getFormFHIRData("QuestionnaireResponse", version, "#form"), release,
    );
    if (screenshot) {
      await tab.screenshot({ path: screenshot, fullPage: true });
    }
    return { name, response: given, labels, errors, outside };
  } catch (error) {
    return { name, response: null, labels: 0, errors: [...errors, String(error)], outside };
  } finally {
    await tab.close();
  }
}

/** The parts of a question have ids that begin with its linkId; those of a coded choice end with its code. */
async function choose(tab, { question, choose: wanted }) {
  const choice = await tab.waitForFunction(
    (link, text) =>
      [...document.querySelectorAll("#form label.lhc-answer, #form label[nz-radio], #form label[nz-checkbox]")].find(
        (one) =>
          (one.id.startsWith(`${link}/`) || one.closest(".lhc-item")?.id.startsWith(`item-${link}/`)) &&
          (one.id.endsWith(`|${text}`) || one.textContent.trim() === text),
      ),
    { timeout: 10000 }, question, wanted,
  );
  await choice.click();
}

async function type(tab, { question, type: text }) {
  const input = await tab.waitForSelector(`#form input[id^="${escaped(question)}/"]`, { timeout: 10000 });
  await input.type(text);
  await input.press("Tab");
}

const escaped = (text) => text.replace(/["\\]/g, "\\$&");

/** Wait until the form has looked the same for half a second. */
async function settled(tab) {
  let before = "";
  for (let turn = 0; turn < 40; turn += 1) {
    const now = await tab.$eval("#form", (form) => form.innerHTML);
    if (now === before) {
      return;
    }
    before = now;
    await new Promise((go) => setTimeout(go, 500));
  }
}

try {
  await answerLines(fill);
} finally {
  await browser.close();
  server.close();
  rmSync(profile, { recursive: true, force: true });
}
