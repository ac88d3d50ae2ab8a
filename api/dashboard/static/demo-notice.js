// Whoever uses a demonstration model must know it before, not from its answers: the notice follows the choice.
export function demoNotice(element) {
  const demos = JSON.parse(element.dataset.demos);
  const model = element.querySelector("[name=model]");
  const place = element.querySelector("[data-demo]");
  const show = () => {
    const notice = demos[model.value];
    place.querySelector("span").textContent = notice ?? "";
    place.hidden = !notice;
  };
  model.addEventListener("change", show);
  show();
}
