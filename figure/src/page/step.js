"use strict";
// The page of programs that are stepped: says who is about to do what, and lets calls go.
(() => {
  const find = (id) => document.getElementById(id);
  const [who, said] = [find("who"), find("said")];
  const over = () => (said.textContent = "The programs are not stepped any more");

  const go = async (button) => {
    if (button.getAttribute("aria-disabled") === "true") return;
    try {
      const reply = await fetch("go/" + button.dataset.go, { method: "POST" });
      if (!reply.ok) throw new Error(reply.statusText);
    } catch {
      over();
    }
  };

  // A button that has the focus keeps it while it has no effect.
  const enable = (button, enabled) => button.setAttribute("aria-disabled", String(!enabled));

  // The row of a program, which stays the same element.
  const rowOf = (number) => {
    const known = [...who.children].find((row) => row.dataset.number === String(number));
    if (known) return known;
    const row = who.appendChild(document.createElement("li"));
    row.dataset.number = number;
    const text = row.appendChild(document.createElement("span"));
    text.after(" ");
    const button = row.appendChild(document.createElement("button"));
    button.type = "button";
    button.dataset.go = number;
    return row;
  };

  const show = (programs) => {
    const rows = programs.map(({ number, name, text, held }) => {
      const row = rowOf(number);
      row.querySelector("span").textContent = text;
      const button = row.querySelector("button");
      button.textContent = "Next of " + name;
      button.hidden = typeof number !== "number"; // one that has ended
      enable(button, held);
      return row;
    });
    for (const row of [...who.children]) if (!rows.includes(row)) row.remove();
    const any = programs.some(({ held }) => held);
    for (const button of document.querySelectorAll("#step p [data-go]")) {
      enable(button, any || button.dataset.go === "end");
    }
    said.textContent = programs.map(({ text }) => text).join("; ");
  };

  find("step").addEventListener("click", ({ target }) => {
    const button = target.closest("[data-go]");
    if (button) go(button);
  });
  const { events } = window.capsock;
  events.addEventListener("step", ({ data }) => show(JSON.parse(data)));
  events.addEventListener("end", () => {
    for (const button of document.querySelectorAll("#step [data-go]")) enable(button, false);
    over();
  });
})();
