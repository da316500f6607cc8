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

// What the series wants otherwise in a market: saved once it was shown what that redoes.
const market = document.getElementById("market");

async function showMarket(language) {
  const answer = await fetch(`${page.dataset.market}/${language}`);
  if (!answer.ok) { say(String(answer.status)); return; }
  market.innerHTML = await answer.text();
  market.showModal();
}

function wanted(form) {
  const of = (name) => [...form.querySelectorAll(`[name=${name}]`)].filter((each) => each.value.trim());
  const rows = (name) => form.elements[name].value.split("\n").map((row) => row.trim()).filter(Boolean);
  const pairs = (name) => Object.fromEntries(rows(name).map((row) => row.split(/\s*[=＝]\s*(.*)/s).slice(0, 2)));
  return {
    guidance: rows("guidance"),
    relations: Object.fromEntries(of("relations").map((each) => [each.dataset.name, each.value.trim()])),
    address: pairs("address"),
    idioms: pairs("idioms"),
    severity: Object.fromEntries(of("severity").map((each) => [each.dataset.name, each.value])),
    sensitive: Object.fromEntries(of("sensitive").map((each) => [each.dataset.name, each.value.split(/[,，、]/).map((word) => word.trim()).filter(Boolean)])),
  };
}

market.addEventListener("click", async (event) => {
  const does = event.target.closest("button[data-do]")?.dataset.do;
  if (!does) return;
  const form = event.target.closest("form"), path = `/api${page.dataset.market}/${form.dataset.language}`;
  const body = { overrides: does === "unwant" ? null : wanted(form), seen: form.dataset.seen };
  try {
    if (does === "want" || (does === "unwant" && await asked(await send(path, { ...body, ask: true }, "PUT")))) {
      await send(path, body, "PUT");
      location.reload();
    } else if (does === "ask") {
      form.querySelector(".touched").textContent = touched(await send(path, { ...body, ask: true }, "PUT"));
      form.querySelector("[data-do=want]").disabled = false;
    }
  } catch (error) {
    say(error.message);
  }
});

// Another change was not shown yet.
market.addEventListener("input", (event) => {
  const form = event.target.form;
  form.querySelector("[data-do=want]").disabled = true;
  form.querySelector(".touched").textContent = "";
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
  } else if (button.dataset.do === "market") {
    showMarket(button.dataset.language);
  } else {
    change("/glossary", { terms: [button.closest("[data-term]").dataset.term], decide: button.dataset.do });
  }
});

// Where a character speaks is asked for when somebody wants to say that one of these voices is another's.
page.addEventListener("toggle", async (event) => {
  const voice = event.target.matches("[data-do=who][open]") && event.target.querySelector("[name=voice]");
  if (!voice || voice.options.length > 1) return;
  const answer = await fetch(`${page.dataset.api}${castPath(voice.closest("[data-character]").dataset.character)}/voiced`);
  if (!answer.ok) { say(String(answer.status)); return; }
  for (const each of await answer.json()) voice.add(new Option(`${each.episode} · ${each.speaker}`, JSON.stringify(each)));
}, true);

page.addEventListener("submit", (event) => {
  const form = event.target, does = form.dataset.do;
  if (!does) return;
  event.preventDefault();
  if (does === "render") {
    const source = form.closest("[data-term]").dataset.term;
    change("/glossary", { source, renderings: { [form.dataset.language]: form.elements.text.value } }, "PUT");
    return;
  }
  const bodies = {
    name: () => ({ name: form.elements.name.value }),
    merge: () => ({ into: form.elements.into.value }),
    split: () => JSON.parse(form.elements.voice.value),
  };
  change(`${castPath(form.closest("[data-character]").dataset.character)}/${does}`, bodies[does]());
});
