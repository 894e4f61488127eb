// The services: a list of any length, of which the server sends pages and the page has the visible rows alone.

const PAGE = 100;
const OVERSCAN = 6;

/** What the list shows, and the pages of it that have come. */
const list = { search: "", zone: "", sort: "name", descending: false, matching: 0, pages: new Map(), asked: new Map(), rows: new Map(), focus: 0 };
/** The service whose providers are shown. */
let opened;

const scroller = byId("scroller");
const rowHeight = () => (matchMedia("(max-width: 640px)").matches ? 44 : 34);

/** Asks for the list again, from the top if the question is another one; old rows stay until new ones have come. */
function askForServices(isOther) {
  for (const request of list.asked.values()) request.abort();
  list.asked.clear();
  if (isOther) {
    list.pages.clear();
    list.focus = 0;
    scroller.scrollTop = 0;
  }
  for (const page of visiblePages()) askForPage(page);
}

function visiblePages() {
  const first = Math.floor(scroller.scrollTop / rowHeight() / PAGE);
  const last = Math.floor((scroller.scrollTop + scroller.clientHeight) / rowHeight() / PAGE);
  return first === last ? [first] : [first, last];
}

async function askForPage(page) {
  const request = new AbortController();
  list.asked.set(page, request);
  const question = queryText({
    zone: list.zone, search: list.search, sort: (list.descending ? "-" : "") + list.sort, offset: page * PAGE, limit: PAGE,
  });
  try {
    const answer = await fetchJSON(`status/services?${question}`, request.signal);
    list.matching = answer.matching;
    for (const known of list.pages.keys()) if (!visiblePages().includes(known)) list.pages.delete(known);
    list.pages.set(page, answer.services);
    setText(byId("services-count"), list.search ? `${count(answer.matching)} of ${counted(answer.total, "service")}` : counted(answer.total, "service"));
    drawRows();
  } catch (error) {
    if (error.name !== "AbortError") setText(byId("services-count"), "cannot be read now");
  } finally {
    if (list.asked.get(page) === request) list.asked.delete(page);
  }
}

/** Draws the visible rows; those that stay keep their elements. */
function drawRows() {
  const height = rowHeight();
  const grid = byId("grid");
  grid.setAttribute("aria-rowcount", String(list.matching + 1));
  byId("rows").style.height = `${list.matching * height}px`;
  const first = Math.max(0, Math.floor(scroller.scrollTop / height) - OVERSCAN);
  const end = Math.min(list.matching, Math.ceil((scroller.scrollTop + scroller.clientHeight) / height) + OVERSCAN);
  list.focus = Math.max(0, Math.min(list.focus, list.matching - 1));
  for (const [index, row] of list.rows) {
    const isFocused = row.contains(document.activeElement) && index < list.matching;
    if ((index < first || index >= end) && !isFocused) {
      row.remove();
      list.rows.delete(index);
    }
  }
  for (let index = first; index < end; index++) drawRow(index, height);
  // The list has one place in the order of Tab: that of the row that was last in use, or the first visible one.
  const isThere = list.focus >= first && list.focus < end;
  for (const [index, row] of list.rows) row.firstChild.firstChild.tabIndex = index === (isThere ? list.focus : first + OVERSCAN) ? 0 : -1;
  const page = visiblePages().find((page) => !list.pages.has(page) && !list.asked.has(page) && page * PAGE < list.matching);
  if (page !== undefined) askForPage(page);
}

function drawRow(index, height) {
  let row = list.rows.get(index);
  if (!row) {
    row = element("div", "row", undefined, { role: "row", "aria-rowindex": String(index + 2) });
    const name = element("span", "", undefined, { role: "gridcell" });
    name.append(element("button", "", undefined, { type: "button", tabindex: "-1" }), element("span", "zone"));
    row.append(name);
    for (const column of ["number", "number", "time"]) row.append(element("span", column, undefined, { role: "gridcell" }));
    list.rows.set(index, row);
    // In the order of the list: it is read in the document's order.
    const next = [...byId("rows").children].find((other) => Number(other.getAttribute("aria-rowindex")) > index + 2);
    byId("rows").insertBefore(row, next ?? null);
  }
  row.style.top = `${index * height}px`;
  const service = list.pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  const [name, providers, held, changed] = row.children;
  row.service = service;
  row.classList.toggle("open", Boolean(service && opened && service.name === opened.name && service.zone === opened.zone));
  setText(name.firstChild, service ? service.name || "(no name)" : "…");
  name.firstChild.title = service?.name ?? "";
  const note = service ? [zones.length > 1 ? service.zone : "", service.reach === "current" ? "" : service.reach] : [];
  setText(name.lastChild, note.filter(Boolean).join(", "));
  setText(providers, service ? count(service.providers) : "");
  setText(held, service ? count(service.held) : "");
  held.classList.toggle("warn", Boolean(service?.held));
  setText(changed, service?.changed ? timeText(service.changed) : "");
}

function focusRow(index) {
  list.focus = Math.max(0, Math.min(list.matching - 1, index));
  const height = rowHeight();
  const top = list.focus * height;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  if (top + height > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + height - scroller.clientHeight;
  drawRows();
  list.rows.get(list.focus)?.firstChild.firstChild.focus({ preventScroll: true });
}

/** Shows the providers of a service. */
async function openService(zone, name, takesFocus) {
  opened = { zone, name };
  try {
    const service = await fetchJSON(`status/service?${queryText({ zone, name, limit: 500 })}`);
    if (opened?.zone !== zone || opened.name !== name) return;
    byId("detail").hidden = false;
    setText(byId("detail-title"), service.domain ?? name);
    const rest = service.total - service.providers.length;
    const reach = { current: "", lost: "; ZooKeeper does not answer for it", unknown: "; ZooKeeper has not answered for it" }[service.reach] ?? "";
    setText(byId("detail-note"), `${service.path}: ${counted(service.total, "provider")}${reach}${rest > 0 ? `; the first ${count(service.providers.length)} are shown` : ""}`);
    byId("detail-rows").replaceChildren(...service.providers.map(providerRow));
    if (takesFocus) {
      byId("name").value = service.domain ?? name;
      byId("detail").scrollIntoView({ block: "nearest" });
      byId("detail").focus({ preventScroll: true });
    }
  } catch (error) {
    if (opened?.zone !== zone || opened.name !== name) return;
    byId("detail").hidden = false;
    setText(byId("detail-title"), name);
    setText(byId("detail-note"), /^404/.test(error.message) ? "It is gone." : "It cannot be read now.");
    byId("detail-rows").replaceChildren();
  }
  drawRows();
}

function providerRow(provider) {
  const row = element("tr", "", undefined, { role: "row" });
  const isHeld = Boolean(provider.held);
  const isUp = provider.status === "up";
  const state = isHeld ? heldText(provider.held) : isUp ? "registered" : provider.status;
  const cells = [
    ["name", "Instance", provider.instance], ["name", "Host", provider.host], ["number", "Port", String(provider.port)],
    ["number", "Weight", String(provider.weight)], ["number", "Priority", String(provider.priority)],
    ["", "State", undefined],
  ];
  for (const [className, label, text] of cells) row.append(element("td", className, text, { role: "cell", "data-label": label }));
  row.lastChild.append(element("span", isHeld || !isUp ? "warn state" : "good state", state));
  return row;
}

/** Until when a provider is held; `held.left` milliseconds of time with ZooKeeper. */
function heldText(held) {
  if (held.until) return `held until ${timeText(held.until)}`;
  return `held for ${span(held.left)} once ZooKeeper is back`;
}

scroller.addEventListener("scroll", () => requestAnimationFrame(drawRows), { passive: true });
addEventListener("resize", drawRows);
byId("rows").addEventListener("click", (event) => {
  const row = event.target.closest(".row");
  if (row?.service) {
    list.focus = Number(row.getAttribute("aria-rowindex")) - 2;
    openService(row.service.zone, row.service.name, true);
  }
});
byId("rows").addEventListener("keydown", (event) => {
  const many = Math.max(1, Math.floor(scroller.clientHeight / rowHeight()) - 1);
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: many, PageUp: -many, Home: -list.matching, End: list.matching };
  if (steps[event.key] === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const row = document.activeElement.closest(".row");
  focusRow((row ? Number(row.getAttribute("aria-rowindex")) - 2 : list.focus) + steps[event.key]);
});
byId("grid").querySelector(".head").addEventListener("click", (event) => {
  const column = event.target.dataset?.sort;
  if (!column) return;
  list.descending = list.sort === column ? !list.descending : column !== "name";
  list.sort = column;
  for (const header of byId("grid").querySelectorAll("[role=columnheader]")) {
    const isSorted = header.firstChild.dataset.sort === column;
    header.setAttribute("aria-sort", isSorted ? (list.descending ? "descending" : "ascending") : "none");
  }
  askForServices(true);
});
byId("detail-close").addEventListener("click", closeDetail);
byId("detail").addEventListener("keydown", (event) => { if (event.key === "Escape") closeDetail(); });

function closeDetail() {
  opened = undefined;
  byId("detail").hidden = true;
  focusRow(list.focus);
}

let searchTimer;
byId("search").addEventListener("input", () => {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => {
    list.search = byId("search").value.trim();
    askForServices(true);
  }, 120);
});
byId("zone").addEventListener("change", () => {
  list.zone = byId("zone").value;
  askForServices(true);
});
