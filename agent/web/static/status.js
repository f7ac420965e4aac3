// Fetches the page again every two seconds and changes only what differs, so that nothing flickers,
// open blocks stay open, and selected text stays selected. When the agent does not answer, it says so.

const every = 2_000;
const patience = 5_000;
const lost = document.getElementById("lost");
let lastSeen = new Date();
let timer;

async function refresh() {
  clearTimeout(timer);
  try {
    const response = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(patience) });
    const text = await response.text();
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const status = fresh.getElementById("status");
    if (!response.ok || status === null) throw new Error("not the status page");
    // Another version of the agent may draw another page with another script.
    if (fresh.documentElement.dataset.version !== document.documentElement.dataset.version) return location.reload();
    morph(document.getElementById("status"), status);
    document.title = fresh.title;
    lastSeen = new Date();
    show(false);
  } catch {
    show(true);
  }
  timer = setTimeout(refresh, every);
}

/** The times on the page are UTC, so this one is too. */
function show(isLost) {
  document.body.classList.toggle("old", isLost);
  if (lost.hidden === !isLost) return;
  lost.hidden = !isLost;
  const since = lastSeen.toISOString().slice(11, 19);
  lost.textContent = isLost
    ? `Connection to the agent lost since ${since} UTC: what you see is old. It says nothing about the circuits.`
    : "";
  if (isLost) document.title = "Connection to the agent lost · circuitwatch";
}

/** Makes `now` like `next`. Children with an id are found by it, wherever they moved to. */
function morph(now, next) {
  if (isBeingCopied(now)) return;
  for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  for (const { name } of [...now.attributes]) {
    const openedByHand = name === "open" && now.localName === "details";
    if (!next.hasAttribute(name) && !openedByHand) now.removeAttribute(name);
  }
  let place = now.firstChild;
  for (const wanted of [...next.childNodes]) {
    const found = match(now, place, wanted);
    if (found === null) {
      now.insertBefore(document.importNode(wanted, true), place);
      continue;
    }
    if (found === place) place = place.nextSibling;
    else now.insertBefore(found, place);
    if (found.nodeType === Node.ELEMENT_NODE) morph(found, wanted);
    else if (found.nodeValue !== wanted.nodeValue) found.nodeValue = wanted.nodeValue;
  }
  while (place !== null) {
    const surplus = place;
    place = place.nextSibling;
    surplus.remove();
  }
}

/** The child that `wanted` is the new form of: by id, else what stands in its place if it is of its kind. */
function match(parent, place, wanted) {
  if (wanted.id) return [...parent.children].find(({ id }) => id === wanted.id) ?? null;
  return place !== null && place.nodeName === wanted.nodeName && !place.id ? place : null;
}

/** Text that somebody has selected is left alone until they let go of it. */
function isBeingCopied(element) {
  if (element.localName !== "pre") return false;
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(element, true);
}

/** Clipboard access needs https or localhost; elsewhere the text is selected, ready for the keyboard. */
async function copy(button) {
  const text = button.parentElement.querySelector("pre");
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(text);
    button.textContent = "Selected: press Ctrl+C";
  }
}

/** A link to a folded block unfolds it. */
function unfold() {
  const block = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (block?.localName === "details") block.open = true;
}

document.addEventListener("click", ({ target }) => {
  if (target.matches?.("button.copy")) copy(target);
  const link = target.closest?.('a[href^="#"]');
  if (link?.hash === location.hash) unfold();
});
addEventListener("hashchange", unfold);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
unfold();
timer = setTimeout(refresh, every);
