// Decisions on a series: names of its cast, its glossary. What would be redone is shown before anything is changed.

import { say, send } from "./console.js";

const page = document.querySelector(".series");
const dialog = page.querySelector("dialog");
const heard = new Audio();

// Whether the person goes on, having seen which finished episodes are redone.
function asked(outdated) {
  const touched = dialog.querySelector(".touched");
  const said = Object.entries(outdated).map(([language, episodes]) => `${language}: ${episodes.join(", ")}`);
  touched.textContent = said.join("\n") || touched.dataset.none;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
}

async function change(path, body, method) {
  try {
    const { outdated } = await send(page.dataset.api + path, { ...body, ask: true }, method);
    if (!await asked(outdated)) return;
    await send(page.dataset.api + path, body, method);
    location.reload();
  } catch (error) {
    say(error.message);
  }
}

page.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (!button) return;
  const term = button.closest("[data-term]")?.dataset.term;
  if (button.dataset.do === "hear") {
    const character = button.closest("[data-character]").dataset.character;
    heard.src = `${page.dataset.at}/cast/${encodeURIComponent(character)}/voice.flac`;
    heard.play().catch(() => say(button.textContent));
  } else {
    change("/glossary", { terms: [term], decide: button.dataset.do });
  }
});

page.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.do) return;
  event.preventDefault();
  if (form.dataset.do === "render") {
    const source = form.closest("[data-term]").dataset.term;
    change("/glossary", { source, renderings: { [form.dataset.language]: form.elements.text.value } }, "PUT");
    return;
  }
  const row = form.closest("[data-character]");
  try {
    const { name } = await send(
      `${page.dataset.api}/cast/${encodeURIComponent(row.dataset.character)}/name`, { name: form.elements.name.value },
    );
    row.querySelector(".name").textContent = name;
  } catch (error) {
    say(error.message);
  }
});
