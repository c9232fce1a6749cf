// A report of the audit with its video: boxes over the picture, a timeline that seeks on click, findings, what was
// checked. Make adds the clip's path as a lane. All that comes from a report is shown as text.

import { room, write } from "./rooms.js";
import { drawing, element, text } from "./studio.js";

export const percent = p => (p < 0.01 ? text("frame.report.below") : p > 0.99 ? text("frame.report.above") : `${Math.round(100 * p)} %`);
export const lawName = law => { const name = text(`frame.report.law.${law}`); return name.startsWith("frame.") ? law : name; };

export function verdict(report) {
  const kind = report.verdict.replace(" ", "-");
  return element("span", { class: `verdict ${kind}`, text: text(`frame.report.verdict.${kind}`) });
}

export function summary(report) {
  const laws = Object.keys(report.checked).length, all = laws + Object.keys(report.unchecked).length;
  const facts = text("frame.report.facts", { seconds: report.seconds.toFixed(2), width: report.width, height: report.height, fps: +report.fps.toFixed(2), laws, all });
  return `${facts} ${text(report.home ? "frame.report.home" : "frame.report.away", { score: percent(report.score) })}`;
}

// {root, video, seek, source(address)}; `path`: [{start, end, branch}], the lane of a made clip.
export function view(report, address, { path = [], small = false, note = null } = {}) {
  const video = element("video", { controls: true, muted: true, loop: small, playsInline: true, preload: "auto", src: address, class: small ? "pixels" : "" });
  const overlay = drawing("svg", { viewBox: `0 0 ${report.width} ${report.height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const stage = element("div", { class: "stage" }, video, overlay);
  stage.style.aspectRatio = `${report.width} / ${report.height}`;
  stage.style.maxWidth = `calc(62vh * ${report.width / report.height})`;
  const whole = Math.max(report.seconds, 1e-9), now = element("div", { class: "now" }), lanes = [];
  const seek = time => { video.pause(); video.currentTime = Math.min(Math.max(0, time), Math.max(0, report.seconds - 0.001)); };

  const lane = (name, ...marks) => {
    const track = element("div", { class: "track", onclick: event => { const r = track.getBoundingClientRect(); seek(((event.clientX - r.left) / r.width) * report.seconds); } }, ...marks);
    lanes.push(element("div", { class: "lane" }, element("span", { class: "small quiet", text: name }), track));
  };
  const mark = (kind, start, end, label, go) => {
    const made = element("button", { type: "button", class: `mark ${kind}`, title: label, onclick: event => { event.stopPropagation(); go(); } });
    made.setAttribute("aria-label", label);
    made.style.left = `${(100 * start) / whole}%`;
    made.style.width = `${Math.max(0.8, (100 * (Math.min(end, whole) - start)) / whole)}%`;
    return made;
  };
  if (path.length) lane(text("frame.report.path"), ...path.map(part => mark(`branch branch-${part.branch % 8}`, part.start, part.end, text("frame.report.branch", { branch: part.branch, start: part.start.toFixed(1), end: part.end.toFixed(1) }), () => seek(part.start + 0.001))));
  for (const law of new Set(report.findings.map(finding => finding.law))) {
    lane(lawName(law), ...report.findings.map((finding, index) => (finding.law === law ? mark("found", finding.start, finding.end, `${lawName(law)} ${finding.start.toFixed(2)} s`, () => choose(index)) : null)));
  }
  if (!report.findings.length) lane(text("frame.report.none"));
  const ticks = element("div", { class: "ticks" }, ...[0, 1, 2, 3, 4].map(k => element("span", { text: `${((report.seconds * k) / 4).toFixed(1)} s` })));
  const timeline = element("div", { class: "timeline" }, ...lanes, element("div", { class: "lane" }, element("span"), ticks), now);

  const cards = report.findings.map((finding, index) => {
    const rows = Object.entries(finding.measured).map(([name, m]) => element("tr", {}, write(element("th"), room(name)), write(element("td"), `${m.value === null ? "?" : +m.value.toPrecision(4)}${m.error === null ? "" : ` ± ${+m.error.toPrecision(2)}`} ${m.unit && room(m.unit)}`)));
    const head = element("button", { type: "button", class: "head", onclick: () => choose(index) }, element("b", { text: lawName(finding.law) }), element("span", { class: "quiet", text: `${finding.start.toFixed(2)}–${finding.end.toFixed(2)} s` }), element("span", { class: "bad sure", text: text("frame.report.sure", { p: percent(finding.probability) }) }));
    return element("article", { class: "finding" }, head, write(element("p"), room(finding.sentence)), element("table", {}, ...rows));
  });
  function choose(index) {
    cards.forEach((card, k) => card.classList.toggle("active", k === index));
    const finding = report.findings[index];
    seek((finding.start + finding.end) / 2 + 0.001);
  }
  const checked = [
    ...Object.entries(report.checked).map(([law, p]) => element("tr", {}, element("th", { text: lawName(law) }), element("td", { text: text("frame.report.suspicion", { p: percent(p) }) }))),
    ...Object.entries(report.unchecked).map(([law, why]) => element("tr", {}, element("th", { text: lawName(law) }), element("td", { class: "quiet" }, element("span", { text: `${text("frame.report.unchecked")} ` }), write(element("span"), room(why))))),
  ];
  const more = element("details", { open: !small }, element("summary", { text: text("frame.report.checked") }), element("table", {}, ...checked), report.notes.length ? element("ul", { class: "small" }, ...report.notes.map(said => write(element("li"), room(said)))) : null);

  function draw() {
    const time = video.currentTime;
    overlay.replaceChildren();
    for (const finding of report.findings) {
      if (!finding.box || time < finding.start - 0.15 || time > finding.end + 0.35) continue;
      const [x0, y0, x1, y1] = finding.box, size = report.width / 28;
      overlay.append(drawing("rect", { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }), drawing("text", { text: lawName(finding.law), "font-size": size, x: x0 + size / 4, y: y0 > 1.3 * size ? y0 - size / 3 : y0 + 1.1 * size }));
    }
    const track = timeline.querySelector(".track").getBoundingClientRect(), line = timeline.getBoundingClientRect();
    now.style.left = `${track.left - line.left + (track.width * Math.min(time, whole)) / whole}px`;
  }
  for (const name of ["timeupdate", "seeked", "loadeddata"]) video.addEventListener(name, draw);
  video.addEventListener("play", function tick() { draw(); if (!video.paused && video.isConnected) requestAnimationFrame(tick); });
  if (small) video.addEventListener("loadeddata", () => video.play().catch(() => {}), { once: true });

  const head = element("div", { class: "row" }, verdict(report), element("span", { class: "small quiet", text: summary(report) }));
  const root = element("div", { class: "report" }, stage, timeline, head, note, ...cards, more);
  return { root, video, seek };
}
