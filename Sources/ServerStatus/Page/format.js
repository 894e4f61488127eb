"use strict";
// Text and elements. What comes from ZooKeeper becomes text nodes alone, never markup.

const byId = (id) => document.getElementById(id);

/** An element with a class, text and attributes. */
function element(tag, className, text, attributes) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes ?? {})) made.setAttribute(name, value);
  return made;
}

/** Sets text only where it is different: selections and screen readers stay undisturbed. */
function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Gives an element one of the four states: a word with a colour and a shape. */
function setState(target, state, text) {
  for (const name of ["good", "warn", "bad", "waiting"]) target.classList.toggle(name, name === state);
  setText(target, text);
}

const plainNumber = new Intl.NumberFormat("en");
const count = (value) => (value === undefined || value === null ? "–" : plainNumber.format(value));
const counted = (value, one, many = one + "s") => `${count(value)} ${value === 1 ? one : many}`;

/** Milliseconds as the two largest units. */
function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return minutes < 10 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

/** A rate with as many digits as say something. */
function rateText(value) {
  if (value === undefined || value === null) return "–";
  return value > 0 && value < 10 ? value.toFixed(1) : count(Math.round(value));
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dated = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A time of the server, with its day unless that is today. */
function timeText(milliseconds) {
  const time = new Date(milliseconds);
  return time.toDateString() === new Date().toDateString() ? clock.format(time) : dated.format(time);
}

/** How far this machine's clock is behind the server's, in milliseconds. */
let clockOffset = 0;
const serverNow = () => Date.now() + clockOffset;
const ago = (milliseconds) => {
  const passed = serverNow() - milliseconds;
  return passed < 1000 ? "just now" : `${span(passed)} ago`;
};

/** Puts pairs of a term and a description into a list, each in place where the term was there before. */
function setFacts(list, facts, isAcross = false) {
  const known = new Map([...list.querySelectorAll("dt")].map((term) => [term.textContent, term]));
  for (const [term, text] of facts) {
    let name = known.get(term);
    if (!name) {
      name = element("dt", "", term);
      const value = element("dd");
      if (isAcross) {
        const pair = element("div");
        pair.append(name, value);
        list.append(pair);
      } else {
        list.append(name, value);
      }
    }
    setText(name.nextElementSibling, text);
  }
}

/** The query of a URL (RFC 3986 §3.4). Not by URLSearchParams, which writes a space as `+`: that is for forms. */
function queryText(parameters) {
  return Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
}

/** Asks the server for JSON; throws for anything but an answer in time. */
async function fetchJSON(path, signal) {
  const limit = AbortSignal.timeout(5000);
  const response = await fetch(path, { cache: "no-store", signal: signal ? AbortSignal.any([signal, limit]) : limit });
  if (!response.ok) throw new Error(`${response.status} for ${path.split("?")[0]}`);
  return response.json();
}
