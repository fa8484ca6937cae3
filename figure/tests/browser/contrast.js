// How many of the figures' texts could be judged, and those that are too faint on what is under them.
const light = (colour) => {
  const parts = colour.match(/[0-9.]+/g).map(Number).slice(0, 3).map((part) => part / 255);
  const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const fill = (element) => getComputedStyle(element).fill;
const poor = [];
let judged = 0;
for (const text of document.querySelectorAll(".figure text")) {
  const box = text.getBoundingClientRect();
  const under = document.elementsFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const plate = under.find((element) => element.localName === "rect" && fill(element).startsWith("rgb"));
  if (!plate) continue;
  judged += 1;
  const [a, b] = [light(fill(text)), light(fill(plate))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) poor.push([text.textContent, fill(text), fill(plate), ratio]);
}
return [judged, poor];
