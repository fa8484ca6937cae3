"use strict";
// The page while programs run: takes each new picture, and keeps what the reader is at: the call, the place, the size
// and the filter.
(() => {
  const find = (id) => document.getElementById(id);
  const live = find("live");
  const PAUSE = 3000; // between two announcements, milliseconds: a screen reader is to have said the last one
  let [wanted, shown, taking, said, next] = ["", "", false, -PAUSE, 0];

  const announce = (text) => {
    clearTimeout(next);
    next = setTimeout(() => {
      said = performance.now();
      live.textContent = text;
    }, Math.max(said + PAUSE - performance.now(), 0));
  };

  // The number of a call may change, since one that ended later may have begun before; its key does not.
  const keyOf = (row) => row?.dataset.key;
  const rowOf = (step) => step && find("r" + step.id.slice(1));
  const rowWith = (key) => key && [...find("table").tBodies[0].rows].find((row) => keyOf(row) === key);

  // What in the pictures or the table has the focus, and how it is found again.
  const focused = (at) => {
    if (!at?.closest("main") || at.classList.contains("step")) return () => null;
    const label = at.getAttribute("aria-label");
    if (label) return () => document.querySelector('main [aria-label="' + CSS.escape(label) + '"]');
    const [key, href] = [keyOf(at.closest("tr")), at.getAttribute("href")];
    return () => rowWith(key)?.querySelector('a[href="' + href + '"], a');
  };

  const replace = (page) => {
    const [old, main] = [document.querySelector("main"), page.querySelector("main")];
    const at = document.activeElement;
    const step = window.capsock.current();
    const [onStep, key, again] = [step !== null && at === step, keyOf(rowOf(step)), focused(at)];
    const end = (id) => find(id).getBoundingClientRect().bottom;
    const follows = end("interaction") <= innerHeight + 4;
    const top = onStep ? step.getBoundingClientRect().top : 0;
    const sideways = [...old.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
    old.replaceWith(main);
    find("summary").textContent = page.getElementById("summary").textContent;
    window.capsock.redraw(rowWith(key)?.id.replace("r", "c"), onStep);
    again()?.focus({ preventScroll: true });
    main.querySelectorAll(".scroll").forEach((box, index) => (box.scrollLeft = sideways[index]));
    // The call that the reader is at stays where it is; who sees the end of the figure goes on seeing it.
    const now = window.capsock.current();
    if (onStep && now) scrollBy({ top: now.getBoundingClientRect().top - top, behavior: "instant" });
    else if (follows) scrollBy({ top: Math.max(end("interaction") - innerHeight, 0), behavior: "instant" });
  };

  const take = async () => {
    if (taking) return;
    taking = true;
    try {
      while (shown !== wanted) {
        const version = wanted;
        const reply = await fetch("picture", { cache: "no-store" });
        if (!reply.ok) throw new Error(reply.statusText);
        replace(new DOMParser().parseFromString(await reply.text(), "text/html"));
        shown = version;
        announce("Running: " + find("summary").textContent);
      }
    } catch {
      // The events tell whether there is a server, and come again with it.
    }
    taking = false;
  };

  const events = new EventSource("events");
  window.capsock.events = events;
  events.addEventListener("picture", (event) => {
    wanted = event.lastEventId;
    take();
  });
  events.addEventListener("trouble", (event) => announce(event.data));
  events.addEventListener("end", () => {
    events.close();
    announce("The watch has ended: this is the last picture");
  });
  events.onerror = () => announce("Waiting for capsock watch");
})();
