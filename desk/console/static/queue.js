// Many lines at once: searched and replaced, and brought back from other tools.

import { say, send, token } from "./console.js";

const dialog = document.querySelector("dialog");

document.getElementById("replacing")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target, given = new FormData(form);
  const wanted = { pattern: given.get("pattern"), replacement: given.get("replacement"), regex: given.has("regex") };
  try {
    const { lines } = await send(form.dataset.api, wanted);
    const shown = dialog.querySelector(".changes");
    shown.replaceChildren(...(lines.length ? lines.map(change) : [shown.dataset.none]));
    dialog.querySelector("[value=yes]").disabled = !lines.some((line) => !line.problem);
    dialog.returnValue = "no";
    dialog.showModal();
    dialog.addEventListener("close", async () => {
      if (dialog.returnValue !== "yes") return;
      try {
        await send(form.dataset.api, { ...wanted, apply: true });
        location.reload();
      } catch (error) {
        say(error.message);
      }
    }, { once: true });
  } catch (error) {
    say(error.message);
  }
});

function change(line) {
  const shown = document.createElement("p");
  for (const [tag, text] of [["small", `${line.episode} · ${line.segment}`], ["del", line.before], ["ins", line.after], ["b", line.problem]]) {
    if (!text) continue;
    const part = document.createElement(tag);
    part.textContent = text;
    shown.append(part, " ");
  }
  return shown;
}

document.getElementById("xliff")?.addEventListener("change", async (event) => {
  const answer = await fetch("/api/xliff", {
    method: "PUT", headers: { "x-csrf-token": token, "content-type": "application/xliff+xml" }, body: event.target.files[0],
  });
  const found = await answer.json();
  if (!answer.ok) { say([found.error, found.remedy].filter(Boolean).join(" → ")); return; }
  const left = found.conflicts.map((each) => `${each.episode} · ${each.segment}: ${each.reason}`);
  say([`${found.corrected} ✓`, `${found.reviewed} ✓✓`, ...left].join("; "));
  if (found.corrected || found.reviewed) setTimeout(() => location.reload(), 3000);
});

// Lines are given to somebody.
const giving = document.getElementById("giving"), every = document.getElementById("every");
const boxes = [...document.querySelectorAll("input[name=line]")];

document.addEventListener("change", (event) => {
  if (!giving || !event.target.matches("[type=checkbox]")) return;
  if (event.target === every) for (const box of boxes) box.checked = every.checked;
  else if (event.target.name === "line") every.checked = boxes.every((box) => box.checked);
  giving.querySelector("button").disabled = !boxes.some((box) => box.checked);
});

giving?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const lines = boxes.filter((box) => box.checked).map((box) => ({ episode: box.dataset.episode, segment: Number(box.dataset.segment) }));
  try {
    await send(giving.dataset.api, { lines, assignee: giving.elements.assignee.value.trim() || null });
    location.reload();
  } catch (error) {
    say(error.message);
  }
});
