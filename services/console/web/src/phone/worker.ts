/** Has the page kept on the phone, so that it opens without a network. Browsers allow that on secure pages and on this machine only. */
const LOADED_AFTER_MS = 1_500;

export async function keepPage(): Promise<void> {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  try {
    await navigator.serviceWorker.register("/phone-worker.js", { scope: "/phone" });
    const ready = await navigator.serviceWorker.ready;
    keep(ready);
    // Other letters and parts come when they are shown: they are kept then.
    document.fonts.addEventListener("loadingdone", () => keep(ready));
  } catch {
    // The page works without it as long as there is a network.
  }
}

let later: ReturnType<typeof setTimeout> | undefined;
function keep(ready: ServiceWorkerRegistration) {
  clearTimeout(later);
  later = setTimeout(() => {
    const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
    const linked = [...document.querySelectorAll<HTMLLinkElement | HTMLScriptElement>("link[href], script[src]")].map((each) => ("href" in each && each.href ? each.href : (each as HTMLScriptElement).src));
    const files = [...new Set([...loaded, ...linked])].filter((address) => address.startsWith(location.origin) && !address.includes("/api/"));
    ready.active?.postMessage({ keep: files });
  }, LOADED_AFTER_MS);
}
