// The player and the lines that follow it; keys for all of it.

import { say, send, part } from "./console.js";
import { panels } from "./panels.js";
import { touched } from "./touched.js";

const page = document.querySelector(".episode");
const video = document.getElementById("video");
const original = document.getElementById("original");
const canvas = document.getElementById("waveform");
let lines = [];
const heard = new Audio();
let until = Infinity; // where playing one line ends (s)
let current = null;

const at = (line, end) => Number(line.dataset[end]) / 1000;

// Before and after, at the same moment. The video's own first track is the dub; the original sound lies beside it and keeps its
// time; or where there is a copy of the original video, that is shown.
function listenTo(which, from = video.currentTime, playing = !video.paused) {
  const was = hearsOriginal() ? "original" : "dub";
  for (const button of document.querySelectorAll("[data-sound]:is(button)")) {
    button.setAttribute("aria-pressed", button.dataset.sound === which);
  }
  if (which !== was) subtitle();
  if (video.dataset.before) { if (which !== was) showPicture(which, from, playing); return; }
  video.muted = which === "original";
  follow();
}
const hearsOriginal = () => original && document.querySelector("button[data-sound=original]").getAttribute("aria-pressed") === "true";
const compare = () => original && listenTo(hearsOriginal() ? "dub" : "original");

// Subtitles are those of what is heard, unless somebody switched them off.
function subtitle() {
  const tracks = [...video.textTracks];
  if (tracks.length < 2 || !tracks.some((track) => track.mode === "showing")) return;
  tracks.forEach((track, n) => { track.mode = n === (hearsOriginal() ? 1 : 0) ? "showing" : "disabled"; });
}

function showPicture(which, from, playing) {
  video.src = which === "original" ? video.dataset.before : video.dataset.after;
  video.addEventListener("loadedmetadata", () => { video.currentTime = from; if (playing) video.play(); }, { once: true });
}

function follow() {
  if (!original || video.dataset.before) return;
  if (!hearsOriginal() || video.paused) { original.pause(); return; }
  if (Math.abs(original.currentTime - video.currentTime) > 0.08) original.currentTime = video.currentTime;
  original.play().catch((error) => say(String(error)));
}

function play(from, to, which) {
  if (!video) return;
  heard.pause();
  until = to;
  listenTo(which, Math.max(0, from), true);
  video.currentTime = Math.max(0, from);
  video.play();
}

// A line's text as it would be spoken now, changed or not.
async function sayNow(line) {
  const button = line.querySelector("[data-do=say]");
  button.disabled = true;
  try {
    const text = line.querySelector("textarea").value;
    const found = await send(`${page.dataset.api}/lines/${line.dataset.segment}/say`, { text });
    line.dataset.sound = found.sound;
    line.querySelector("[data-do=dub]").disabled = false;
    line.querySelector(".fit").textContent = `${(found.duration_ms / 1000).toFixed(1)} s / ${(found.slot_ms / 1000).toFixed(1)} s`;
    line.querySelector(".fit").classList.toggle("failed", found.tempo > 1.35);
    hear(line);
  } catch (error) {
    say(error.message);
  } finally {
    button.disabled = false;
  }
}

// Changes. An answer is the line as it stands now, as the page shows it.
const own = (line) => `${page.dataset.api}/lines/${line.dataset.segment}`;
const box = (line) => line.querySelector("textarea");
const typed = (line, name) => Math.round(Number(line.querySelector(`input[name=${name}]`)?.value ?? 0) * 1000);

function changed(line) {
  const area = box(line);
  const moved = line.querySelector("input[name=start]")
    && (typed(line, "start") !== rounded(line.dataset.start) || typed(line, "end") !== rounded(line.dataset.end));
  return area.value.trim() !== area.defaultValue.trim() || moved || recast(line);
}
const speaker = (line) => line.querySelector("select[name=character]");
const recast = (line) => Boolean(speaker(line) && speaker(line).value !== speaker(line).dataset.seen);
const rounded = (ms) => Math.round(Number(ms) / 10) * 10;

function mark(line) {
  const differs = changed(line);
  line.classList.toggle("changed", differs);
  const save = line.querySelector("[data-do=save]");
  if (save) save.hidden = !differs;
}

function take(line, html) {
  const box = document.createElement("template");
  box.innerHTML = html.trim();
  const fresh = box.content.firstElementChild;
  for (const open of line.querySelectorAll("details[open]")) fresh.querySelector(`details.${open.className}`)?.setAttribute("open", "");
  line.replaceWith(fresh);
  if (current === line) { current = null; show(fresh); }
  count();
  return fresh;
}

function count() {
  lines = [...document.querySelectorAll(".line")];
  const waiting = lines.filter((line) => "pending" in line.dataset).length;
  const said = document.getElementById("waiting");
  const redo = document.getElementById("redo");
  if (redo) redo.hidden = !waiting;
  said.textContent = waiting ? said.dataset.said.replace("{n}", waiting) : "";
  draw();
}

async function save(line, after = Number(line.dataset.number)) {
  if (recast(line) && !await saveSpeaker(line)) return;
  if (!line.isConnected) line = document.getElementById(line.id);
  if (!changed(line)) { line.focus(); return; }
  const body = { after, source_text: line.querySelector(".original").textContent };
  if (box(line).value.trim() !== box(line).defaultValue.trim()) body.text = box(line).value;
  for (const [name, was] of [["start", line.dataset.start], ["end", line.dataset.end]]) {
    if (line.querySelector(`input[name=${name}]`) && typed(line, name) !== rounded(was)) body[`${name}_ms`] = typed(line, name);
  }
  try {
    take(line, await part(own(line), body, "PUT")).focus();
  } catch (error) {
    if (error.status === 409 && error.about.number !== null) conflict(line, error.about);
    else say(error.message);
  }
}

// Of hundreds of lines each would repeat the whole cast: who else may speak one is filled in when somebody is about to choose.
function offer(event) {
  const select = event.target;
  if (!select.matches?.("select[name=character]") || select.length > 1) return;
  const others = document.getElementById("cast").content.cloneNode(true);
  others.querySelector(`option[value="${CSS.escape(select.value)}"]`)?.remove();
  select.append(others);
}
for (const about of ["pointerdown", "focusin"]) page.addEventListener(about, offer);

// Who speaks is another decision than what is said: it counts for every language, and what that redoes is told first.
async function askSpeaker(line) {
  const told = line.querySelector(".touched");
  told.hidden = !recast(line);
  if (told.hidden) return;
  const answer = await fetch(`${own(line)}/speaker?character=${encodeURIComponent(speaker(line).value)}`);
  const found = await answer.json();
  told.textContent = answer.ok ? touched(found) : found.error;
}

async function saveSpeaker(line) {
  const select = speaker(line), typed = [box(line).value, ...[...line.querySelectorAll("input[type=number]")].map((each) => each.value)];
  try {
    const fresh = take(line, await part(`${own(line)}/speaker`, { character: select.value, seen: select.dataset.seen || null }, "PUT"));
    // What else was typed is not saved yet.
    [box(fresh), ...fresh.querySelectorAll("input[type=number]")].forEach((each, n) => { each.value = typed[n]; });
    mark(fresh);
    return true;
  } catch (error) {
    if (error.status === 409) conflict(line, error.about, "speaker");
    else say(error.message);
    return false;
  }
}

// Somebody else was there first: both texts are shown, and nothing is lost.
function conflict(line, about, of = "text") {
  line.querySelector(".conflict")?.remove();
  const told = document.getElementById("conflict").content.cloneNode(true);
  told.querySelector(".told").textContent = about.error;
  told.querySelector(".theirs").textContent = about.text ?? "";
  line.querySelector(".what").append(told);
  if (of === "speaker") line.dataset.theirSpeaker = about.text ?? "";
  else line.dataset.theirs = about.number;
}

async function decide(line, path, body) {
  try {
    return take(line, await part(`${own(line)}${path}`, body));
  } catch (error) {
    say(error.message);
  }
}

function show(line) {
  if (line === current) return;
  current?.classList.remove("now");
  current = line;
  current?.classList.add("now");
}

function hear(line) {
  video?.pause();
  heard.src = line.dataset.sound;
  heard.play().catch(() => say(document.title));
}

if (video) {
  for (const name of ["play", "pause", "seeked"]) video.addEventListener(name, follow);
  video.addEventListener("timeupdate", () => {
    const now = video.currentTime;
    if (now >= until) { video.pause(); until = Infinity; }
    show(lines.find((line) => now >= at(line, "start") && now < at(line, "end")) ?? current);
    if (original && hearsOriginal() && !video.dataset.before && Math.abs(original.currentTime - now) > 0.25) original.currentTime = now;
    draw();
  });
  // What the browser cannot play is heard beside the picture of the dub.
  video.addEventListener("error", () => {
    if (!video.dataset.before || !video.src.endsWith(video.dataset.before)) return;
    const from = video.currentTime;
    delete video.dataset.before;
    showPicture("dub", from, false);
    listenTo("original");
  });
  document.getElementById("compare").addEventListener("click", compare);
  document.querySelector(".player").addEventListener("click", (event) => {
    const button = event.target.closest("button[data-sound]");
    if (button) listenTo(button.dataset.sound);
  });
  // The same moment in another language.
  const from = Number(new URLSearchParams(location.search).get("t"));
  if (from) video.currentTime = from;
  for (const link of document.querySelectorAll("a[data-language]")) {
    link.addEventListener("click", () => { link.search = `?t=${video.currentTime.toFixed(2)}`; });
  }
}

page.addEventListener("input", (event) => {
  const line = event.target.closest(".line");
  if (line) mark(line);
});
page.addEventListener("change", (event) => { if (event.target.name === "character") askSpeaker(event.target.closest(".line")); });
page.addEventListener("focusin", (event) => show(event.target.closest(".line") ?? current));
document.querySelector("[data-all]")?.addEventListener("click", async (event) => {
  const segments = lines.filter((line) => ["draft", "edited"].includes(line.dataset.state)).map((line) => Number(line.dataset.segment));
  if (!segments.length) return;
  try {
    await send(`${page.dataset.api}/review`, { segments, decide: event.target.dataset.all });
    location.reload();
  } catch (error) {
    say(error.message);
  }
});
document.getElementById("redo")?.addEventListener("click", async () => {
  try {
    location.href = `/runs/${(await send(`${page.dataset.api}/redo`, {})).id}`;
  } catch (error) {
    say(error.message);
  }
});
addEventListener("beforeunload", (event) => { if (lines.some(changed)) event.preventDefault(); });

page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  const line = button?.closest(".line");
  if (!line) return;
  show(line);
  if (button.dataset.do === "seek" && video) video.currentTime = at(line, "start");
  if (button.dataset.do === "original") play(at(line, "start"), at(line, "end"), "original");
  if (button.dataset.do === "dub") hear(line);
  if (button.dataset.do === "say") sayNow(line);
  if (button.dataset.do === "save") save(line);
  if (button.dataset.do === "undo") decide(line, "/restore", { after: Number(line.dataset.number) });
  if (["approve", "lock", "unlock"].includes(button.dataset.do)) decide(line, "/review", { decide: button.dataset.do });
  if (button.dataset.do === "mine") {
    if ("theirSpeaker" in line.dataset) speaker(line).dataset.seen = line.dataset.theirSpeaker;
    save(line, Number(line.dataset.theirs ?? line.dataset.number));
  }
  if (button.dataset.do === "theirs") location.reload();
});

function step(by) {
  const next = lines[Math.min(lines.length - 1, Math.max(0, lines.indexOf(current) + by))];
  if (!next) return;
  show(next);
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  if (video) { until = Infinity; video.currentTime = at(next, "start"); }
}

const keys = {
  j: () => { video.currentTime -= 2; },
  l: () => { video.currentTime += 2; },
  k: () => { until = Infinity; video.paused ? video.play() : video.pause(); },
  arrowdown: () => step(1),
  arrowup: () => step(-1),
  o: () => current && play(at(current, "start"), at(current, "end"), "original"),
  d: () => current?.dataset.sound && hear(current),
  enter: () => current?.querySelector("textarea").focus(),
  b: compare,
  r: () => current && open(current, "remarked"),
  h: () => current && open(current, "history"),
  s: () => current && speaker(current)?.focus(),
};
document.addEventListener("keydown", (event) => {
  if (event.target.matches("textarea, input, select")) {
    const line = event.target.closest(".line");
    if (event.key === "Escape") line?.focus();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && line && changed(line)) save(line);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("a, button, summary, video")) return;
  const key = event.key.toLowerCase(), does = keys[key];
  if (!does || (!video && "jklb".includes(key))) return;
  event.preventDefault();
  does();
});

const open = panels(page, decide);

// Waveforms: the original above, the dub below, where lines are and where they are said.
let waves = null;
const length = () => Math.max(video?.duration || 0, ...lines.map((line) => at(line, "end")));

function draw() {
  const style = getComputedStyle(page), ratio = devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight, pen = canvas.getContext("2d");
  canvas.width = width * ratio; canvas.height = height * ratio;
  pen.scale(ratio, ratio);
  const whole = length() || 1, x = (s) => (s / whole) * width;
  pen.globalAlpha = 0.18;
  pen.fillStyle = style.getPropertyValue("--accent");
  for (const line of lines) {
    pen.fillRect(x(at(line, "start")), 0, x(at(line, "end") - at(line, "start")), height / 2);
    if (line.dataset.said) pen.fillRect(x(at(line, "said")), height / 2, x(at(line, "saidEnd") - at(line, "said")), height / 2);
  }
  pen.globalAlpha = 1;
  pen.fillStyle = style.color;
  for (const [peaks, middle] of waves ? [[waves.original, height / 4], [waves.dub, (3 * height) / 4]] : []) {
    peaks.forEach((peak, n) => {
      const half = Math.max(0.5, (Math.sqrt(peak / 255) * height) / 4.4);
      pen.fillRect(x(n / waves.per_second), middle - half, Math.max(0.6, x(1 / waves.per_second)), 2 * half);
    });
  }
  pen.fillStyle = style.getPropertyValue("--failed");
  pen.fillRect(x(video?.currentTime || 0), 0, 1.5, height);
}
canvas.addEventListener("click", (event) => {
  if (video) { until = Infinity; video.currentTime = (event.offsetX / canvas.clientWidth) * length(); }
});
addEventListener("resize", draw);
fetch(`${page.dataset.api}/waveform`).then((answer) => answer.ok && answer.json()).then((found) => { waves = found || null; draw(); });
count();
