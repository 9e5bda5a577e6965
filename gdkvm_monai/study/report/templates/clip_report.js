"use strict";

document.documentElement.dataset.scripts = "run"; // shows the player

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const byId = (id) => document.getElementById(id);
const clip = read("clip-data");
const pictures = read("clip-pictures").map((source) => Object.assign(new Image(), { src: source }));
const shown = clip.shown; // frames of the clip that are embedded
const onsets = shown.map((frame) => (clip.times ? clip.times[frame] - clip.times[shown[0]] : (frame - shown[0]) / clip.rate));
const last = shown.length - 1;
const duration = last > 0 ? onsets[last] * (1 + 1 / last) : 1;
let position = 0;
let playing = false;
let clock = 0;
let before = 0;

function text(value, digits) {
  return value === null ? "–" : value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

function drawContours(svg, place) {
  for (const path of svg.querySelectorAll("path")) {
    path.setAttribute("d", clip.contours[place][path.dataset.structure] || "");
  }
}

function describe(frame) {
  return `Frame ${frame}` + (clip.times ? `, ${clip.times[frame].toFixed(2)} s` : "");
}

function fillReadout(frame) {
  byId("readout").textContent = describe(frame) + (clip.valid[frame] ? "" : ", invalid");
  for (const output of document.querySelectorAll("output[data-plot]")) {
    const value = clip.plots[output.dataset.plot][output.dataset.name][frame];
    output.textContent = text(value, Number(output.dataset.digits));
  }
}

function place(line, frame) {
  line.setAttribute("x1", `${clip.percent[frame]}%`);
  line.setAttribute("x2", `${clip.percent[frame]}%`);
  line.setAttribute("visibility", "visible");
}

function moveCursor(frame) {
  document.querySelectorAll(".cursor").forEach((line) => place(line, frame));
  for (const dot of document.querySelectorAll(".dot")) {
    const value = clip.plots[dot.dataset.plot][dot.dataset.name][frame];
    dot.setAttribute("visibility", value === null ? "hidden" : "visible");
    dot.setAttribute("cx", `${clip.percent[frame]}%`);
    dot.setAttribute("cy", `${100 - (100 * value) / Number(dot.dataset.high)}%`);
  }
}

function show(next) {
  position = Math.min(Math.max(next, 0), last);
  const canvas = byId("picture");
  const picture = pictures[position];
  const wanted = position;
  const paint = () => wanted === position && canvas.getContext("2d").drawImage(picture, 0, 0);
  if (picture.complete) paint();
  else picture.addEventListener("load", paint, { once: true });
  drawContours(byId("contours"), position);
  const frame = shown[position];
  byId("slider").value = position;
  byId("slider").setAttribute("aria-valuetext", describe(frame));
  canvas.setAttribute("aria-label", `Ultrasound clip, ${describe(frame)}`);
  fillReadout(frame);
  moveCursor(frame);
}

function seek(next) {
  show(next);
  clock = onsets[position];
}

function nearest(values, wanted) {
  let best = 0;
  values.forEach((value, index) => {
    if (Math.abs(value - wanted) < Math.abs(values[best] - wanted)) best = index;
  });
  return best;
}

const seekFrame = (frame) => seek(nearest(shown, frame));

function tick(now) {
  if (!playing) return;
  clock = (clock + ((now - before) / 1000) * Number(byId("speed").value)) % duration;
  before = now;
  let next = 0;
  while (next < last && onsets[next + 1] <= clock) next += 1;
  if (next !== position) show(next);
  requestAnimationFrame(tick);
}

function play(wanted) {
  playing = wanted && last > 0;
  byId("play").textContent = playing ? "❚❚" : "▶";
  byId("play").setAttribute("aria-label", playing ? "Pause" : "Play");
  before = performance.now();
  if (playing) requestAnimationFrame(tick);
}

function step(by) {
  play(false);
  seek((position + by + shown.length) % shown.length);
}

function pointed(event) {
  const box = event.currentTarget.getBoundingClientRect();
  return nearest(clip.percent, (100 * (event.clientX - box.left)) / box.width);
}

function leaveCurves() {
  document.querySelectorAll(".hover").forEach((line) => line.setAttribute("visibility", "hidden"));
  fillReadout(shown[position]);
}

for (const plot of document.querySelectorAll(".plot")) {
  plot.addEventListener("pointermove", (event) => {
    const frame = pointed(event);
    document.querySelectorAll(".hover").forEach((line) => place(line, frame));
    fillReadout(frame);
  });
  plot.addEventListener("pointerleave", leaveCurves);
  plot.addEventListener("click", (event) => {
    play(false);
    seekFrame(pointed(event));
  });
}

for (const toggle of document.querySelectorAll("input[data-structure]")) {
  toggle.addEventListener("change", () => {
    document.body.classList.toggle(`without-${toggle.dataset.structure}`, !toggle.checked);
  });
}

for (const button of document.querySelectorAll("[data-frame]")) {
  button.addEventListener("click", () => {
    play(false);
    seekFrame(Number(button.dataset.frame));
    byId("picture").scrollIntoView({ block: "nearest" });
  });
}

for (const row of document.querySelectorAll("[data-beat]")) {
  row.addEventListener("click", (event) => {
    if (!event.target.closest("button")) row.querySelector("button").click();
  });
}

byId("play").addEventListener("click", () => play(!playing));
byId("slider").addEventListener("input", () => {
  play(false);
  seek(Number(byId("slider").value));
});
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const typed = event.target.closest("button, select, summary, input[type=checkbox]");
  if (event.key === " " && !typed) play(!playing);
  else if (event.key === "ArrowRight" && !event.target.closest("select")) step(1);
  else if (event.key === "ArrowLeft" && !event.target.closest("select")) step(-1);
  else return;
  event.preventDefault();
});

byId("speed").disabled = byId("play").disabled = byId("slider").disabled = last < 1;
seekFrame(clip.start);
document.documentElement.dataset.ready = "true";
