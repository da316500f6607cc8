// Series are chosen on the first page, and a run of these is started.

import { languages, start } from "./forecast.js";

const form = document.getElementById("starting");
const chosen = new Set();
const boxes = () => [...document.querySelectorAll("input[data-choose]")];

function show() {
  const there = boxes(), all = document.getElementById("choose-all");
  for (const box of there) box.checked = chosen.has(box.dataset.choose);
  const number = there.filter((box) => box.checked).length;
  if (all) { all.checked = number > 0 && number === there.length; all.indeterminate = number > 0 && number < there.length; }
  const told = document.getElementById("chosen");
  told.textContent = told.dataset.said.replace("{n}", chosen.size);
  form.querySelector("button").disabled = !chosen.size;
}

if (form) {
  document.addEventListener("change", (event) => {
    const box = event.target;
    const changed = box.id === "choose-all" ? boxes() : box.dataset.choose ? [box] : [];
    for (const each of changed) chosen[box.checked ? "add" : "delete"](each.dataset.choose);
    if (changed.length) show();
  });
  // The table is put in anew while closer looks are taken; what was chosen stays.
  document.addEventListener("htmx:afterSettle", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = new FormData(form);
    start({ do: given.get("do"), series: [...chosen], to: languages(given.get("to")) });
  });
  show();
}
