"use strict";
// Keys, details and the filter. All that is shown is in the page already: the table's rows, the figure's calls
// (c1, c2, ...) and its arrows, each with the numbers of its calls.
(() => {
  const find = (id) => document.getElementById(id);
  const [card, help, filter, status] = ["card", "help", "filter", "status"].map(find);
  let steps, arrows, rows, texts, figures, figure, heads; // of what is drawn: see draw
  const number = (step) => Number(step.id.slice(1));
  const rowOf = (step) => find("r" + number(step));
  let current = null; // the call that the keys are at

  const element = (name, text) => {
    const made = document.createElement(name);
    made.append(text);
    return made;
  };

  const shown = () => steps.filter((step) => !step.classList.contains("off"));

  // Details of a call, from its row and from what its kind of call is.
  const fill = (step) => {
    const row = rowOf(step);
    const list = document.createElement("dl");
    const add = (name, cell) => {
      if (!cell || !cell.textContent) return;
      const value = document.createElement("dd");
      value.append(...[...cell.childNodes].map((node) => node.cloneNode(true)));
      list.append(element("dt", name), value);
    };
    const [, begins, program, , result, waits, data, joined] = row.cells;
    add("Program", program);
    add("Begins", begins);
    add("Result", result);
    add("Waits", waits);
    add("Data", data);
    add("Arrows", joined);
    const about = find("about-" + row.dataset.call);
    if (about) {
      const [, signature, waitsFor, manual] = about.cells;
      add("In C", signature);
      add("Waits for", waitsFor);
      add("Manual", manual);
    }
    const heading = document.createElement("h2");
    heading.append(number(step) + ". ", ...[...row.cells[3].childNodes].map((node) => node.cloneNode(true)));
    const close = element("button", "✕");
    close.type = "button";
    close.className = "close";
    close.setAttribute("aria-label", "Close the details");
    close.addEventListener("click", leave);
    card.replaceChildren(heading, close, list);
    card.hidden = false;
    // Not over the call that it tells about.
    const box = step.getBoundingClientRect();
    card.classList.toggle("left", box.left + box.width / 2 > innerWidth / 2);
    for (const arrow of arrows) {
      const { from, to } = arrow.dataset;
      arrow.classList.toggle("lit", [from, to].includes(String(number(step))));
    }
  };

  const hide = () => {
    card.hidden = true;
    for (const arrow of arrows) arrow.classList.remove("lit");
  };

  // Makes a call the one that Tab comes to, and the keys go on from.
  const stand = (step) => {
    for (const old of [current, current && rowOf(current)]) old?.classList.remove("current");
    for (const other of steps) other.tabIndex = other === step ? 0 : -1;
    current = step;
    for (const now of [step, rowOf(step)]) now.classList.add("current");
    fill(step);
  };

  const go = (step) => {
    if (!step) return;
    step.focus({ preventScroll: true });
    step.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    fill(step);
  };

  const leave = () => {
    const inside = card.contains(document.activeElement);
    hide();
    if (inside && current) {
      current.focus({ preventScroll: true });
      hide();
    }
  };

  const move = (by) => {
    const all = shown();
    const at = all.indexOf(current);
    if (at < 0) go(by > 0 ? all[0] : all[all.length - 1]);
    else go(all[Math.min(Math.max(at + by, 0), all.length - 1)]);
  };

  // The call at the other end of an arrow whose column is on that side.
  const along = (right) => {
    if (!current) return move(1);
    const own = String(number(current));
    const middle = (step) => {
      const box = step.querySelector(".call").getBoundingClientRect();
      return box.left + box.width / 2;
    };
    const ends = arrows.flatMap(({ dataset: { from, to } }) => (from === own ? [to] : to === own ? [from] : []));
    const others = ends.map((end) => end && find("c" + end)).filter((step) => step && !step.classList.contains("off"));
    const other = others.find((step) => (right ? middle(step) > middle(current) : middle(step) < middle(current)));
    if (other) go(other);
    else status.textContent = "No arrow to the " + (right ? "right" : "left");
  };

  const select = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let matching = 0;
    rows.forEach((row, index) => {
      const matches = words.every((word) => texts[index].includes(word));
      row.hidden = !matches;
      matching += matches;
    });
    for (const step of steps) step.classList.toggle("off", rowOf(step).hidden);
    for (const arrow of arrows) {
      const ends = [arrow.dataset.from, arrow.dataset.to].filter(Boolean);
      arrow.classList.toggle("off", words.length > 0 && ends.every((end) => !find("c" + end) || find("r" + end).hidden));
    }
    status.textContent = words.length ? matching + " of " + rows.length + " calls match" : "";
  };

  const openHelp = () => {
    hide();
    help.showModal();
  };

  // The size of the pictures: 1 is that of the file.
  let size = 1;
  const scale = () => {
    for (const { picture, width, height } of figures) {
      picture.setAttribute("width", Math.round(width * size));
      picture.setAttribute("height", Math.round(height * size));
    }
    follow();
  };
  const resize = (factor) => {
    size = Math.min(Math.max(factor, 0.1), 4);
    scale();
    status.textContent = "Size " + Math.round(size * 100) + " %";
  };
  const fit = () => resize(Math.min(...figures.map(({ picture, width }) => picture.parentElement.clientWidth / width)));

  // The programs' names stay below the page's header while their columns are in sight.
  const follow = () => {
    const box = figure.getBoundingClientRect();
    const view = figure.viewBox.baseVal;
    const hidden = document.querySelector("header").getBoundingClientRect().bottom - box.top;
    const by = Math.min(Math.max((hidden * view.height) / box.height - 15, 0), Math.max(view.height - 150, 0));
    heads.setAttribute("transform", "translate(0 " + Math.round(by) + ")");
  };

  const keys = {
    "+": () => resize(size * 1.25),
    "=": () => resize(size * 1.25),
    "-": () => resize(size / 1.25),
    0: fit,
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    ArrowRight: () => along(true),
    ArrowLeft: () => along(false),
    Home: () => go(shown()[0]),
    End: () => go(shown().at(-1)),
    "/": () => filter.focus(),
    "?": openHelp,
    Escape: leave,
    Enter: () => {
      fill(current);
      card.focus();
    },
  };

  document.addEventListener("keydown", (event) => {
    const at = document.activeElement;
    if (event.ctrlKey || event.altKey || event.metaKey || help.open) return;
    if (at === filter) {
      if (event.key === "Escape") {
        filter.value = "";
        select();
      }
      if (event.key === "Escape" || event.key === "Enter") filter.blur();
      return;
    }
    const onStep = at.classList.contains("step");
    // Where these keys scroll or follow a link, they go on to do that.
    const own = onStep || ["j", "k", "/", "?", "+", "=", "-", "0", "Escape"].includes(event.key);
    const free = at === document.body && event.key.startsWith("Arrow");
    const act = keys[event.key];
    if (!act || !(own || free)) return;
    event.preventDefault();
    act();
  });

  // Takes what is drawn: at the beginning, and when a page that is watched has a new picture.
  const draw = () => {
    current = null;
    steps = [...document.querySelectorAll("a.step")];
    arrows = [...document.querySelectorAll(".arrow:not(.legend)")];
    rows = [...find("table").tBodies[0].rows];
    texts = rows.map((row) => row.textContent.toLowerCase());
    [figure, heads] = [find("interaction"), document.querySelector("#interaction .heads")];
    figures = [...document.querySelectorAll("svg.figure")].map((picture) => {
      const [width, height] = ["width", "height"].map((name) => Number(picture.getAttribute(name)));
      return { picture, width, height };
    });
    for (const step of steps) {
      step.querySelector("title")?.remove(); // its words are the label, and the details are shown
      step.tabIndex = -1;
      step.addEventListener("focus", () => stand(step));
      step.addEventListener("blur", (event) => {
        if (!card.contains(event.relatedTarget)) hide();
      });
      step.addEventListener("mouseenter", () => fill(step));
      step.addEventListener("mouseleave", () => {
        if (document.activeElement === current && current) fill(current);
        else if (!card.contains(document.activeElement)) hide();
      });
      step.addEventListener("click", (event) => {
        event.preventDefault();
        step.focus({ preventScroll: true });
        fill(step);
      });
    }
    if (steps.length) steps[0].tabIndex = 0;
    // A row that the filter hides cannot be gone to.
    for (const link of document.querySelectorAll("#table a")) {
      link.addEventListener("click", () => {
        const row = find(link.hash.slice(1));
        if (row?.hidden) {
          filter.value = "";
          select();
        }
      });
    }
    select();
  };

  // In the details, a link goes to the call in the figure, if it is drawn.
  card.addEventListener("click", (event) => {
    const step = event.target.closest("a") && find("c" + event.target.hash.slice(2));
    if (step) {
      event.preventDefault();
      go(step);
    }
  });
  filter.addEventListener("input", select);
  find("larger").addEventListener("click", keys["+"]);
  find("smaller").addEventListener("click", keys["-"]);
  find("fit").addEventListener("click", fit);
  addEventListener("scroll", follow, { passive: true });
  addEventListener("resize", follow);
  addEventListener("beforeprint", () => heads.removeAttribute("transform"));
  addEventListener("afterprint", follow);
  find("help-button").addEventListener("click", openHelp);
  find("help-close").addEventListener("click", () => help.close());
  find("tools").hidden = false;
  draw();
  window.capsock = {
    // Draws what has taken the place of the old, at the same size, with the same call as the current one if it has it.
    redraw: (id, focused) => {
      draw();
      scale();
      const step = id && find(id);
      if (!step) return hide();
      if (focused) step.focus({ preventScroll: true });
      else step.tabIndex = 0;
    },
    current: () => current,
    hidden: () => card.hidden,
  };
})();
