// What every page does: remember the language and the theme, send changes with their token, say what happened.

export function say(text) {
  const said = document.getElementById("said");
  said.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { said.textContent = ""; }, 6000);
}

export const token = document.querySelector("meta[name=csrf]").content;

// A change, as JSON; the answer, or an Error with the problem's words (and `status`, `about`).
export async function send(path, body, method = "POST") {
  const answer = await fetch(path, {
    method, headers: { "content-type": "application/json", "x-csrf-token": token }, body: JSON.stringify(body),
  });
  const about = answer.status === 204 ? {} : await answer.json();
  if (!answer.ok) {
    throw Object.assign(new Error([about.error, about.remedy].filter(Boolean).join(" → ")), { status: answer.status, about });
  }
  return about;
}

// A change whose answer is a part of the page; raises as `send` does.
export async function part(path, body, method = "POST") {
  const answer = await fetch(path, {
    method, headers: { "content-type": "application/json", "x-csrf-token": token, "hx-request": "true" }, body: JSON.stringify(body),
  });
  if (answer.ok) return answer.text();
  const about = await answer.json();
  throw Object.assign(new Error([about.error, about.remedy].filter(Boolean).join(" → ")), { status: answer.status, about });
}

document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRF-Token"] = token; });

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-set]");
  if (!button) return;
  document.cookie = `${button.dataset.set}=${button.dataset.to}; path=/; max-age=31536000; samesite=lax`;
  location.reload();
});
