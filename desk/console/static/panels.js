// Below a line, and above all lines: remarks, whose work it is, what was done. `decide` posts something on a line and shows it anew.

import { say, send } from "./console.js";

export function panels(page, decide) {
  const api = page.dataset.api;

  // On a line, or on the episode as a whole.
  async function tell(from, path, body) {
    const line = from.closest(".line");
    if (line) { (await decide(line, path, body))?.focus(); return; }
    try {
      await send(api + path, body);
      location.reload();
    } catch (error) {
      say(error.message);
    }
  }

  page.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.do === "comment") {
      event.preventDefault();
      const remark = Number(form.closest("[data-remark]")?.dataset.remark) || null;
      tell(form, "/comment", { text: form.elements.text.value, remark });
    } else if (form.dataset.do === "assign") {
      event.preventDefault();
      tell(form, "/assign", { assignee: form.elements.assignee.value.trim() || null });
    }
  });

  page.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (button?.dataset.do === "resolve") tell(button, "/resolve", { remark: Number(button.closest("[data-remark]").dataset.remark) });
    if (button?.dataset.do === "restore") {
      tell(button, "/restore", { number: Number(button.dataset.number), after: Number(button.closest(".line").dataset.number) });
    }
  });

  // What was done to a line is asked for when somebody wants to see it. Toggling does not bubble.
  page.addEventListener("toggle", async (event) => {
    const details = event.target;
    if (!details.matches?.("details.history") || !details.open) return;
    const answer = await fetch(`${api.replace("/api", "")}/lines/${details.closest(".line").dataset.segment}/past`);
    if (answer.ok) details.querySelector("div").innerHTML = await answer.text();
    else say(String(answer.status));
  }, true);

  // By key: opened, with the field to write in at hand; what has none is closed by the same key.
  return (line, name) => {
    const details = line.querySelector(`details.${name}`), field = details.querySelector(":scope > form input");
    details.open = Boolean(field) || !details.open;
    (field ?? details.querySelector("summary")).focus();
  };
}
