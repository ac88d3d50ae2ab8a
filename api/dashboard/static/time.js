// Times for people.
const UNITS = [[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const at = UNITS.findIndex(([length]) => whole >= length);
  if (at < 0) return "0 s";
  const [length, name] = UNITS[at];
  const below = UNITS[at + 1];
  const rest = below ? Math.floor((whole % length) / below[0]) : 0;
  return `${Math.floor(whole / length)} ${name}${rest ? ` ${rest} ${below[1]}` : ""}`;
}

export function ago(iso) {
  return `${span((Date.now() - Date.parse(iso)) / 1000).split(" ", 2).join(" ")} ago`;
}

export function until(iso) {
  const seconds = (Date.parse(iso) - Date.now()) / 1000;
  return seconds > 0 ? `in ${span(seconds)}` : "any moment";
}

export function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
