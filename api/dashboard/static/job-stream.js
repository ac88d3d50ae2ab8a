// One job's events: what the page shows of its state is fetched anew when that changes.
const CALM_MS = 400;

export function watch(element, handlers) {
  if (element.dataset.ended === "yes") return null;
  const source = new EventSource(`${element.dataset.base}/live?after=${element.dataset.marks}`);
  let refresh = 0;
  const changed = () => {
    clearTimeout(refresh);
    refresh = setTimeout(() => {
      for (const part of ["#head", "#details"]) if (document.querySelector(part)?.hasAttribute("hx-get")) window.htmx.trigger(part, "changed");
    }, CALM_MS);
  };
  source.addEventListener("state", changed);
  for (const [name, handle] of Object.entries(handlers)) source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  source.addEventListener("progress", (event) => progress(element, JSON.parse(event.data)));
  source.addEventListener("end", () => {
    source.close();
    changed();
    handlers.ended?.();
  });
  return source;
}

function progress(element, told) {
  const bar = element.querySelector("[data-progress]");
  if (bar && told.ratio !== null) bar.value = told.ratio;
}
