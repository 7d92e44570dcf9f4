// Comfort only: everything on the page works without this module.
// Drop a file on the form, print by button, and no second click while the server works.

const form = document.querySelector("form.intake");
const file = form.elements.namedItem("bundle");
const button = form.querySelector("button[type=submit]");

form.querySelector("[data-drop]").hidden = false;

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault(); // without it the browser would leave the page to show the file
    form.classList.add("dragged");
  });
}
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) form.classList.remove("dragged");
});
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  form.classList.remove("dragged");
  file.files = event.dataTransfer.files;
  form.requestSubmit();
});

form.addEventListener("submit", () => {
  button.setAttribute("aria-disabled", "true");
  button.textContent = form.dataset.busy;
});
form.addEventListener("submit", (event) => {
  if (form.getAttribute("aria-busy") === "true") event.preventDefault();
  form.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload(); // back from the cache: the button would still say it is busy
});

for (const print of document.querySelectorAll("[data-print]")) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}

const verdict = document.querySelector(".verdict");
if (verdict) document.getElementById("content").focus({ preventScroll: true });
