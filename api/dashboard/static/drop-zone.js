// A place to drop files on; it says `files` with what was dropped or chosen.
export function dropZone(label, onFiles) {
  const input = label.querySelector("input[type=file]");
  const chosen = () => {
    if (!input.files.length) return;
    onFiles([...input.files]);
    input.value = "";
  };
  input.addEventListener("change", chosen);
  for (const name of ["dragenter", "dragover"]) {
    label.addEventListener(name, (event) => { event.preventDefault(); label.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) label.addEventListener(name, () => label.classList.remove("over"));
  label.addEventListener("drop", (event) => { event.preventDefault(); onFiles([...event.dataTransfer.files]); });
  // A file dropped beside the zone must not replace the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
  chosen(); // before this script was there, on a slow line
}
