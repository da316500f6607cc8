// A run is shown before it is started: units, hours, bytes, money. What starts one imports this.

import { say, send } from "./console.js";

const dialog = document.getElementById("forecast");

function told(found, into) {
  const units = found.units.reduce((sum, each) => sum + each.wanted, 0);
  const failed = found.failed ? [into.dataset.failed.replace("{n}", found.failed)] : [];
  if (!units) { into.textContent = [into.dataset.none, ...failed].join("\n"); return false; }
  const lines = [
    into.dataset.units.replace("{n}", units).replace("{minutes}", found.minutes.toFixed(1)),
    into.dataset.hours.replace("{hours}", found.hours.toFixed(2)).replace("{mib}", (found.bytes / 2 ** 20).toFixed(1)),
  ];
  if (found.price !== null) {
    const money = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: found.currency });
    lines.push(into.dataset.price.replace("{price}", money.format(found.price)));
  }
  lines.push(...found.units.map((each) => `${each.stage} ${each.language ?? ""}: ${each.wanted}`), ...failed);
  if (found.unknown.length) lines.push(into.dataset.unknown.replace("{stages}", found.unknown.join(", ")));
  into.textContent = lines.join("\n");
  return true;
}

// Tags as people type them, with commas.
export const languages = (text) => text.split(/[,，、\s]+/).filter(Boolean);

// Show what a run would do, then start it and go to its page.
export async function start(wanted) {
  try {
    const something = told(await send("/api/runs/forecast", wanted), dialog.querySelector(".touched"));
    dialog.querySelector("[value=yes]").disabled = !something;
    dialog.returnValue = "no";
    dialog.showModal();
    dialog.addEventListener("close", async () => {
      if (dialog.returnValue !== "yes") return;
      try {
        location.href = `/runs/${(await send("/api/runs", wanted)).id}`;
      } catch (error) {
        say(error.message);
      }
    }, { once: true });
  } catch (error) {
    say(error.message);
  }
}
