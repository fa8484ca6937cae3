// The texts of the figure that lie on another one, or outside of their box or of the figure.
const figure = document.getElementById("interaction");
const boxes = [...figure.querySelectorAll("text")].map((text) => [
  text.textContent,
  text.getBoundingClientRect(),
]);
const whole = figure.getBoundingClientRect();
const wrong = [];
boxes.forEach(([text, a], index) => {
  if (a.left < whole.left || a.right > whole.right || a.bottom > whole.bottom) wrong.push(text + " leaves the figure");
  for (const [other, b] of boxes.slice(index + 1)) {
    // The lines' leading may touch.
    if (a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom) wrong.push(text + " | " + other);
  }
});
for (const step of figure.querySelectorAll("a.step")) {
  const [box, code] = [".call", ".code"].map((part) => step.querySelector(part).getBoundingClientRect());
  if (code.left < box.left || code.right > box.right) wrong.push(step.textContent + " leaves its box");
}
return wrong;
