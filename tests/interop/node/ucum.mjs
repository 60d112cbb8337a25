// Asks ucum-lhc. In: {"code"} or {"value", "from", "to"}. Out: {"valid"} or {"value": number, or null if it cannot be said}.
import ucumlhc from "@lhncbc/ucum-lhc";
import { answerLines } from "./lines.mjs";

const ucum = ucumlhc.UcumLhcUtils.getInstance();

await answerLines(({ code, value, from, to }) => {
  if (code !== undefined) {
    // Suggestions for a code that is nearly one come with the status "valid"; it is one only when it comes back as it was.
    const found = ucum.validateUnitString(code);
    return { code, valid: found.status === "valid" && found.ucumCode === code };
  }
  const found = ucum.convertUnitTo(from, value, to);
  return { from, to, value: found.status === "succeeded" ? found.toVal : null };
});
