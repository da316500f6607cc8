// Decisions on a series: names of its cast, its glossary. What would be redone is shown before anything is changed.

import { say, send } from "./console.js";
import { touched } from "./touched.js";

const page = document.querySelector(".series");
const dialog = document.getElementById("decision");
const voices = document.getElementById("voices");
const heard = new Audio();

// Whether the person goes on, having seen which finished episodes are redone.
function asked(found) {
  dialog.querySelector(".touched").textContent = touched(found);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
}

async function change(path, body, method) {
  try {
    if (!await asked(await send(page.dataset.api + path, { ...body, ask: true }, method))) return;
    await send(page.dataset.api + path, body, method);
    location.reload();
  } catch (error) {
    say(error.message);
  }
}

// A character's voices in a language: heard, and changed after it was shown what that redoes.
const castPath = (character) => `/cast/${encodeURIComponent(character)}`;

async function showVoices(character, language) {
  const answer = await fetch(`${page.dataset.at}${castPath(character)}/voices/${language}`);
  if (!answer.ok) { say((await (await fetch(`${page.dataset.api}${castPath(character)}/voices/${language}`)).json()).error); return; }
  voices.innerHTML = await answer.text();
  voices.showModal();
}

voices.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-do]");
  if (!button) return;
  const form = button.closest("form"), path = `${page.dataset.api}${castPath(form.dataset.character)}/voices/${form.dataset.language}`;
  button.disabled = true;
  try {
    if (button.dataset.do === "choose") {
      await send(path, chosen(form), "PUT");
      location.reload();
      return;
    }
    heard.src = (await send(`${path}/say`, { voice: button.dataset.voice ?? null })).sound;
    await heard.play();
  } catch (error) {
    say(error.message);
  }
  button.disabled = false;
});

const chosen = (form) => ({ voice: form.elements.voice.value || null, seen: form.dataset.seen || null });

voices.addEventListener("change", async (event) => {
  const form = event.target.form, save = form.querySelector("[data-do=choose]"), told = form.querySelector(".touched");
  if (!save) return;
  save.disabled = true;
  try {
    const path = `${page.dataset.api}${castPath(form.dataset.character)}/voices/${form.dataset.language}`;
    told.textContent = touched(await send(path, { ...chosen(form), ask: true }, "PUT"));
    save.disabled = event.target.value === form.dataset.seen;
  } catch (error) {
    say(error.message);
  }
});

page.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (!button || button.closest("dialog")) return;
  const character = button.closest("[data-character]")?.dataset.character;
  if (button.dataset.do === "hear") {
    heard.src = `${page.dataset.at}${castPath(character)}/voice.flac`;
    heard.play().catch(() => say(button.textContent));
  } else if (button.dataset.do === "voices") {
    showVoices(character, button.dataset.language);
  } else {
    change("/glossary", { terms: [button.closest("[data-term]").dataset.term], decide: button.dataset.do });
  }
});

page.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.do) return;
  event.preventDefault();
  if (form.dataset.do === "render") {
    const source = form.closest("[data-term]").dataset.term;
    change("/glossary", { source, renderings: { [form.dataset.language]: form.elements.text.value } }, "PUT");
  } else {
    change(`${castPath(form.closest("[data-character]").dataset.character)}/name`, { name: form.elements.name.value });
  }
});
