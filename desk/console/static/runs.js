// Runs are shown before they are started; and are held, resumed and ended.

import { say, send } from "./console.js";

const dialog = document.querySelector("dialog");

function told(found, into) {
  const units = found.units.reduce((sum, each) => sum + each.wanted, 0);
  if (!units) { into.textContent = into.dataset.none; return false; }
  const lines = [
    into.dataset.units.replace("{n}", units).replace("{minutes}", found.minutes.toFixed(1)),
    into.dataset.hours.replace("{hours}", found.hours.toFixed(2)).replace("{mib}", (found.bytes / 2 ** 20).toFixed(1)),
    ...found.units.map((each) => `${each.stage} ${each.language ?? ""}: ${each.wanted}`),
  ];
  if (found.unknown.length) lines.push(into.dataset.unknown.replace("{stages}", found.unknown.join(", ")));
  into.textContent = lines.join("\n");
  return true;
}

// Show what a run would do, then start it and go to its page.
async function start(wanted) {
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

document.getElementById("starting")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = new FormData(event.target);
  const series = given.get("series").trim(), minutes = given.get("minutes");
  const wanted = { do: given.get("do"), source: given.get("source"), to: given.get("to").split(",").map((tag) => tag.trim()).filter(Boolean) };
  if (series && wanted.do === "localize") wanted.only = series;
  if (series && wanted.do === "backfill") wanted.series = [series];
  if (minutes && wanted.do === "backfill") wanted.minutes = Number(minutes);
  start(wanted);
});

for (const button of document.querySelectorAll("[data-retry]")) {
  button.addEventListener("click", () => start({ do: "retry", cause: button.dataset.retry }));
}

for (const button of document.querySelectorAll("[data-steer]")) {
  button.addEventListener("click", async () => {
    try {
      await send(`/api/runs/${button.closest("[data-run]").dataset.run}/${button.dataset.steer}`, {});
      location.reload();
    } catch (error) {
      say(error.message);
    }
  });
}
