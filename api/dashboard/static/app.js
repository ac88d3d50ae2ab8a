// What every page has: the theme switch, relative times, confirmations, copying, ticked rows, live lists.
import { ago, until } from "./time.js";

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

document.body.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = csrf;
});
document.body.addEventListener("htmx:afterSwap", () => {
  refreshTimes();
  restoreTicks();
});

function refreshTimes() {
  for (const time of document.querySelectorAll("time[data-ago]")) time.textContent = ago(time.dateTime);
  for (const time of document.querySelectorAll("time[data-until]")) time.textContent = until(time.dateTime);
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("themeToggle" in button.dataset) {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("theme", theme);
  } else if (button.dataset.menu) {
    const open = document.getElementById(button.dataset.menu).classList.toggle("open");
    button.setAttribute("aria-expanded", String(open));
  } else if (button.dataset.copy) {
    copy(button, document.getElementById(button.dataset.copy));
  }
});

async function copy(button, source) {
  const text = "value" in source ? source.value : source.textContent;
  await navigator.clipboard.writeText(text);
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = label; }, 1500);
}

// A change that cannot be taken back asks first.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (!question || event.target.dataset.confirmed) return;
  event.preventDefault();
  const dialog = document.getElementById("confirm");
  document.getElementById("confirm-text").textContent = question;
  dialog.onclick = (click) => {
    const answer = click.target.closest("button")?.value;
    if (!answer) return;
    dialog.close();
    if (answer !== "yes") return;
    event.target.dataset.confirmed = "yes";
    event.target.requestSubmit(event.submitter);
  };
  dialog.showModal();
});

for (const form of document.querySelectorAll("form[data-autosubmit]")) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("select, [type=checkbox]")) form.requestSubmit();
  });
}

// Ticked rows survive a refresh of the list.
const bulk = document.querySelector("form[data-bulk]");
const ticked = new Set();

function showTicks() {
  const boxes = [...bulk.querySelectorAll("input[name=job]")];
  const count = boxes.filter((box) => box.checked).length;
  const label = bulk.querySelector("[data-count]");
  if (!label) return;
  label.textContent = count ? `${count} selected` : "None selected";
  bulk.querySelector("[data-all]").checked = count > 0 && count === boxes.length;
  for (const button of bulk.querySelectorAll(".bulk button")) button.disabled = count === 0;
}

function restoreTicks() {
  if (!bulk) return;
  for (const box of bulk.querySelectorAll("input[name=job]")) box.checked = ticked.has(box.value);
  showTicks();
}

bulk?.addEventListener("change", (event) => {
  const boxes = "all" in event.target.dataset ? [...bulk.querySelectorAll("input[name=job]:not(:disabled)")] : [event.target];
  for (const box of boxes) {
    if (boxes.length > 1 || "all" in event.target.dataset) box.checked = event.target.checked;
    if (box.name === "job") ticked[box.checked ? "add" : "delete"](box.value);
  }
  showTicks();
});

// Lists that follow the database; a hidden tab lets go of its connection.
const live = document.querySelector("[data-live]");
let source = null;

function follow() {
  if (!live || document.hidden === (source === null)) return;
  if (document.hidden) {
    source.close();
    source = null;
    return;
  }
  source = new EventSource(live.dataset.live);
  source.addEventListener("jobs", () => window.htmx.trigger("#rows", "changed"));
}
document.addEventListener("visibilitychange", follow);

for (const field of document.querySelectorAll("input[data-absolute]")) field.value = new URL(field.value, location.href).href;
for (const place of document.querySelectorAll("[data-origin]")) place.textContent = location.origin;

function openTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && "openOnTarget" in target.dataset) target.open = true;
}
addEventListener("hashchange", openTarget);
addEventListener("load", follow);
openTarget();
refreshTimes();
setInterval(refreshTimes, 15_000);
