/** The address of the page shown: `/`, `/incidents/ID`, `/crews`, `/plan`, `/figures`, `/inbox`, `/texts`, `/admin`, `/phone`; what is chosen stands in it, so it can be sent to a colleague. */
class Route {
  path = $state(location.pathname);
  query = $state(new URLSearchParams(location.search));
  constructor() {
    addEventListener("popstate", () => this.read());
  }
  private read() {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }
  go(to: string, replace = false) {
    if (to === location.pathname + location.search) return;
    history[replace ? "replaceState" : "pushState"](null, "", to);
    this.read();
  }
  /** The part of the path after `/`, by place: `/incidents/I1` has parts incidents, I1. */
  get parts(): string[] {
    return this.path.split("/").filter(Boolean).map(decodeURIComponent);
  }
}
export const route = new Route();

/** Lets plain links of ours change the page without loading it anew. Put on an element that holds links: `onclick={follow}`. */
export function follow(event: MouseEvent) {
  const link = (event.target as Element | null)?.closest("a");
  if (!link || link.origin !== location.origin || link.target || link.hasAttribute("download") || link.pathname.startsWith("/api/")) return;
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  route.go(link.pathname + link.search);
}
