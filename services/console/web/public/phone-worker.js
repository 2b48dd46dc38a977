/** Keeps the page of a crew's phone, so that it opens without a network. It touches nothing else: what is asked of /api goes to the network. */
const SHELL = "lamplighter-phone";
const PAGE = "/phone";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

/** The page says what it is made of once all of it is loaded: only then is it kept, whole, in place of the one before. */
self.addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(keep(event.data.keep, event.ports[0]));
});

async function keep(addresses, port) {
  const cache = await caches.open(SHELL);
  const wanted = new Set(addresses.filter((address) => new URL(address).origin === self.location.origin));
  for (const address of wanted) if (!(await cache.match(address))) await cache.add(address);
  const page = await fetch(PAGE, { cache: "no-cache" });
  const needs = [...(await page.clone().text()).matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((found) => new URL(found[1], self.location.origin).href);
  // A newer page, of which nothing is here yet, waits until it has been loaded itself.
  if (!page.ok || !needs.every((address) => wanted.has(address))) return;
  await cache.put(PAGE, page);
  for (const request of await cache.keys()) {
    if (!wanted.has(request.url) && new URL(request.url).pathname !== PAGE) await cache.delete(request);
  }
  port?.postMessage("kept");
}

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin || address.pathname.startsWith("/api/")) return;
  if (event.request.mode === "navigate") event.respondWith(page(event.request));
  else event.respondWith(file(event.request));
});

async function page(request) {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(4_000) });
    if (response.ok) return response;
    return (await kept(PAGE)) ?? response;
  } catch (error) {
    const found = await kept(PAGE);
    if (found) return found;
    throw error;
  }
}

/** Files under /assets never change under their names; of the others the network's is better when there is one. */
async function file(request) {
  const lasting = new URL(request.url).pathname.startsWith("/assets/");
  const found = await kept(request);
  if (lasting && found) return found;
  try {
    return await fetch(request);
  } catch (error) {
    if (found) return found;
    throw error;
  }
}

async function kept(request) {
  return (await caches.open(SHELL)).match(request);
}
