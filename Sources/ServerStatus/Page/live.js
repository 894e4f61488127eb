// What the server is now, each second, and what changes, as it happens.

const KEPT_CHANGES = 100;
/** The zones of the last status. */
let zones = [];
let answeredAt;

const ZONE_STATES = {
  current: ["good", "current"], stale: ["warn", "stale"], expired: ["bad", "expired: SERVFAIL"], "not ready": ["waiting", "not ready: SERVFAIL"],
};

async function poll() {
  try {
    const status = await fetchJSON("status.json");
    clockOffset = status.now - Date.now();
    answeredAt = Date.now();
    showStatus(status);
    document.body.classList.remove("lost");
    setState(byId("live"), "good", "live");
  } catch {
    document.body.classList.add("lost");
    setState(byId("live"), "bad", "no answer");
    setState(byId("verdict"), "bad", "zoodns does not answer this page");
    setText(byId("advice"), answeredAt ? `The page shows what was so ${span(Date.now() - answeredAt)} ago.` : "");
  }
  setTimeout(poll, document.hidden ? 10000 : 1000);
}

function showStatus(status) {
  if (zones.map((zone) => zone.origin).join() !== status.zones.map((zone) => zone.origin).join()) chooseAmong(status.zones);
  zones = status.zones;
  setText(byId("where"), `${status.host}, ${status.version}, up ${span(status.now - status.started)}, listening at ${status.listening.join(" and ")}`);
  showVerdict(status.verdict);
  showSession(status.zookeeper);
  showZones(status.zones);
  showTraffic(status.traffic, status.now);
  showHeld(status.held);
  showRejected(status.rejected);
}

function showVerdict({ state, text, advice }) {
  document.title = `${state === "good" ? "" : "! "}${text} – zoodns`;
  setState(byId("verdict"), state, text);
  setText(byId("advice"), advice);
}

function showSession(session) {
  const states = { connected: ["good", "connected"], starting: ["waiting", "connecting"], disconnected: ["bad", "out of reach"] };
  const [state, word] = states[session.state] ?? ["bad", session.state];
  setState(byId("session"), state, word);
  setFacts(byId("session-facts"), [
    ["since", session.since ? `${timeText(session.since)}, ${ago(session.since)}` : "the start"], ["servers", session.servers],
    ["reconnects", count(session.reconnects)], ["sessions expired", count(session.expiries)],
  ]);
  setText(byId("obstacle"), session.obstacle ?? "");
}

function showZones(zones) {
  const body = byId("zones");
  const labels = ["Zone", "Answers are", "As of", "Last change", "Serial", "Services", "Providers", "Held", "Rejected"];
  while (body.children.length > zones.length) body.lastChild.remove();
  zones.forEach((zone, index) => {
    let row = body.children[index];
    if (!row) {
      row = element("tr", "", undefined, { role: "row" });
      for (const [place, label] of labels.entries()) {
        row.append(element("td", place > 3 ? "number" : "", undefined, { role: place ? "cell" : "rowheader", "data-label": label }));
      }
      row.firstChild.classList.add("name");
      row.children[1].append(element("span", "state"));
      body.append(row);
    }
    const [state, word] = ZONE_STATES[zone.state] ?? ["bad", zone.state];
    setState(row.children[1].firstChild, state, word);
    const texts = [
      zone.origin, undefined, zone.state === "not ready" ? "–" : zone.outSince ? ago(zone.outSince) : "now",
      zone.published ? `${timeText(zone.published)}, ${ago(zone.published)}` : "–", zone.serial === undefined ? "–" : String(zone.serial),
      count(zone.services), count(zone.providers), count(zone.held), count(zone.rejected),
    ];
    texts.forEach((text, place) => { if (text !== undefined) setText(row.children[place], text); });
    row.children[7].classList.toggle("warn", zone.held > 0);
    row.children[8].classList.toggle("warn", zone.rejected > 0);
  });
}

function chooseAmong(zones) {
  const select = byId("zone");
  const all = select.firstElementChild;
  select.replaceChildren(all, ...zones.map((zone) => element("option", "", zone.origin, { value: zone.origin })));
  if (!zones.some((zone) => zone.origin === list.zone)) list.zone = "";
  select.value = list.zone;
  select.hidden = byId("zone-label").hidden = zones.length < 2;
}

/** Shows entries of a list of which the server sends the first alone, each in place where its key was there before. */
function showEntries(list, note, listing, nothing, key, fill) {
  const rest = listing.total - listing.entries.length;
  setText(note, listing.total === 0 ? nothing : rest > 0 ? `${count(listing.total)}, of which the first ${count(listing.entries.length)} are shown` : count(listing.total));
  const known = new Map([...list.children].map((item) => [item.key, item]));
  const items = listing.entries.map((entry) => {
    const name = key(entry);
    const item = known.get(name) ?? element("li");
    item.key = name;
    fill(item, entry);
    return item;
  });
  if (items.length !== list.children.length || items.some((item, index) => list.children[index] !== item)) list.replaceChildren(...items);
  list.tabIndex = items.length > 0 ? 0 : -1;
}

function setLines(item, main, note) {
  if (!item.firstChild) item.append(element("div", "name"), element("div", "when"));
  setText(item.firstChild, main);
  setText(item.lastChild, note);
}

function showHeld(held) {
  showEntries(byId("held"), byId("held-note"), held, "none: every answer stands for a znode that is there", (entry) => JSON.stringify([entry.zone, entry.service, entry.instance]), (item, entry) => {
    const host = entry.host.includes(":") ? `[${entry.host}]` : entry.host;
    setLines(item, `${entry.service}  ${host}:${entry.port}`, `${entry.instance}, ${heldText(entry)}`);
  });
}

function showRejected(rejected) {
  showEntries(byId("rejected"), byId("rejected-note"), rejected, "none: every document could be read", (entry) => JSON.stringify([entry.zone, entry.path]), (item, entry) => {
    setLines(item, entry.path, `${entry.reason}${entry.excerpt ? `: ${entry.excerpt}` : ""}`);
  });
}

// MARK: Events

let refresh;

function follow() {
  const source = new EventSource("events");
  source.addEventListener("open", () => setState(byId("changes-note"), "good", "as they are published"));
  source.addEventListener("publish", (event) => {
    showChange(JSON.parse(event.data));
    // Many publications in a second are one reason to look again.
    refresh ??= setTimeout(() => {
      refresh = undefined;
      askForServices(false);
      if (opened) openService(opened.zone, opened.name, false);
    }, 300);
  });
  source.addEventListener("error", () => {
    setState(byId("changes-note"), "bad", "not followed now");
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 5000);
  });
}

function showChange(change) {
  const changes = byId("changes");
  const key = [change.zone, change.serial, change.state].join(" ");
  if ([...changes.children].some((other) => other.key === key)) return;
  const item = element("li", "new");
  item.key = key;
  const title = [clock.format(new Date(change.at)), change.zone, `serial ${change.serial}`];
  if (change.state !== "current") title.push(change.state);
  item.append(element("div", "when", title.join(", ")));
  for (const service of change.services) {
    const [mark, what] = describe(service);
    const line = element("div", "");
    line.append(element("span", "mark", mark, { "aria-hidden": "true" }), element("span", "name", service.name), element("span", "", ` ${what}`));
    item.append(line);
  }
  if (change.services.length === 0) item.append(element("div", "", "no service: the zone's state, or addresses of hosts"));
  if (change.more > 0) item.append(element("div", "when", `and ${counted(change.more, "service")} more`));
  changes.prepend(item);
  while (changes.children.length > KEPT_CHANGES) changes.lastChild.remove();
}

/** What became of a service, with a mark: `+` more, `−` fewer, `~` others. */
function describe(service) {
  const held = service.held > 0 ? `, ${count(service.held)} of them held` : "";
  if (service.providers === undefined) return ["−", "is gone"];
  const now = counted(service.providers, "provider") + held;
  if (service.before === undefined) return ["+", `is new: ${now}`];
  const difference = service.providers - service.before;
  if (difference === 0) return ["~", `changed: ${now}`];
  return [difference > 0 ? "+" : "−", `${difference > 0 ? "+" : "−"}${count(Math.abs(difference))}: ${now}`];
}

// MARK: Explain

byId("explain").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = byId("name").value.trim();
  const output = byId("explanation");
  output.hidden = false;
  if (!name) return setText(output, "Give a service, or a domain name in a zone.");
  try {
    const response = await fetch(`status/explain?${queryText({ name })}`, { cache: "no-store", signal: AbortSignal.timeout(10000) });
    setText(output, (await response.text()).trim() || `${response.status}`);
  } catch {
    setText(output, "No answer from zoodns.");
  }
});

/** Begins with what happened before the page was opened. */
async function begin() {
  try {
    for (const change of (await fetchJSON("status/changes")).reverse()) showChange(change);
  } catch {
    // What comes is worth more: the list begins empty.
  }
  follow();
}

poll();
askForServices(true);
begin();
