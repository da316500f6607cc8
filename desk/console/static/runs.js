// Runs are started after they were shown; and are held, resumed and ended.

import { say, send } from "./console.js";
import { languages, start } from "./forecast.js";

document.getElementById("starting")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = new FormData(event.target);
  const series = given.get("series").trim(), minutes = given.get("minutes");
  const wanted = { do: given.get("do"), source: given.get("source"), to: languages(given.get("to")) };
  if (series && wanted.do === "localize") wanted.only = series;
  if (series && wanted.do === "backfill") wanted.series = [series];
  if (minutes && wanted.do === "backfill") wanted.minutes = Number(minutes);
  start(wanted);
});

for (const button of document.querySelectorAll("[data-retry]")) {
  const { retry, series, language } = button.dataset;
  button.addEventListener("click", () => start({
    do: "retry", cause: retry, series: series ? [series] : [], to: language ? [language] : [],
  }));
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
