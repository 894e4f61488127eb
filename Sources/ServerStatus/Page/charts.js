// Rates of the last two minutes: from totals that only grow, as lines.

const SAMPLES = 120;

/** The rates of one total, the newest last. */
class Series {
  constructor() {
    this.rates = [];
    this.last = undefined;
  }

  /** Takes a total in, `seconds` after the one before; one that is lower comes from a program that has started again. */
  add(total, seconds) {
    const grown = this.last === undefined || total < this.last ? undefined : total - this.last;
    this.last = total;
    if (grown === undefined || !(seconds > 0)) return;
    this.rates.push(grown / seconds);
    if (this.rates.length > SAMPLES) this.rates.shift();
  }

  get latest() { return this.rates.at(-1); }
  get peak() { return Math.max(0, ...this.rates); }
}

/** Draws rates into an SVG with paths of the classes `line` and `area`, as high as `top`. */
function draw(svg, rates, top) {
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const step = width / (SAMPLES - 1);
  const begin = width - step * (rates.length - 1);
  const points = rates.map((rate, index) => {
    const y = height - 1 - (top > 0 ? Math.min(1, rate / top) : 0) * (height - 4);
    return `${(begin + index * step).toFixed(1)} ${y.toFixed(1)}`;
  });
  const line = points.length > 1 ? `M${points.join("L")}` : "";
  svg.querySelector(".line").setAttribute("d", line);
  svg.querySelector(".area").setAttribute("d", line ? `${line}L${width} ${height}L${begin.toFixed(1)} ${height}Z` : "");
}

/** The least round number that is not below a value: 1, 2 or 5 and zeros. */
function roundUp(value) {
  if (!(value > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((factor) => factor * unit >= value) * unit;
}

const queries = new Series();
const codes = new Map();
let sampledAt;

/** RCODEs that say that something is wrong here, and those that say it of the question. */
const CODE_STATES = { NOERROR: "plain", NXDOMAIN: "plain", SERVFAIL: "bad" };

/** RCODEs that are shown at any time, in this order, before others. */
const ALWAYS_SHOWN = ["NOERROR", "NXDOMAIN", "SERVFAIL"];
const place = (code) => (ALWAYS_SHOWN.includes(code) ? ALWAYS_SHOWN.indexOf(code) : ALWAYS_SHOWN.length);

/** Takes the counters of a status in and draws what they say. */
function showTraffic(traffic, now) {
  const seconds = sampledAt === undefined ? 0 : (now - sampledAt) / 1000;
  sampledAt = now;
  queries.add(traffic.queries, seconds);
  const top = roundUp(queries.peak);
  draw(byId("rate-chart"), queries.rates, top);
  setText(byId("rate"), rateText(queries.latest));
  setText(byId("rate-note"), `${count(traffic.queries)} since the start`);
  setText(byId("rate-peak"), `peak ${rateText(queries.peak)}`);
  setFacts(byId("traffic-facts"), [
    ["truncated", count(traffic.truncated)], ["malformed", count(traffic.malformed)], ["not answered", count(traffic.dropped)],
    ["TCP connections", count(traffic.connections)],
  ], true);
  for (const [code, total] of Object.entries(traffic.responses)) {
    if (total > 0 || ALWAYS_SHOWN.includes(code)) showCode(code, total, seconds);
  }
}

function showCode(code, total, seconds) {
  let known = codes.get(code);
  if (!known) {
    known = { series: new Series(), row: codeRow(code) };
    codes.set(code, known);
    // A code that comes later has been at zero until now.
    known.series.last = queries.rates.length > 0 ? 0 : undefined;
  }
  known.series.add(total, seconds);
  setText(known.row.rate, rateText(known.series.latest));
  setText(known.row.total, count(total));
  draw(known.row.spark, known.series.rates, known.series.peak);
  known.row.name.className = known.series.latest > 0 ? `name ${CODE_STATES[code] ?? "warn"}` : "name";
}

function codeRow(code) {
  const row = element("tr", "", undefined, { role: "row" });
  const cells = [element("th", "name", code, { role: "rowheader", scope: "row" })];
  for (const name of ["number", "number", ""]) cells.push(element("td", name, undefined, { role: "cell" }));
  const space = "http://www.w3.org/2000/svg";
  const spark = document.createElementNS(space, "svg");
  for (const [name, value] of Object.entries({ class: `spark ${CODE_STATES[code] ?? "warn"}`, viewBox: "0 0 240 24", preserveAspectRatio: "none", "aria-hidden": "true" })) {
    spark.setAttribute(name, value);
  }
  for (const name of ["area", "line"]) {
    const path = document.createElementNS(space, "path");
    path.setAttribute("class", name);
    spark.append(path);
  }
  cells[3].append(spark);
  row.append(...cells);
  row.place = place(code);
  byId("codes").insertBefore(row, [...byId("codes").children].find((other) => other.place > row.place) ?? null);
  return { name: cells[0], rate: cells[1], total: cells[2], spark };
}
