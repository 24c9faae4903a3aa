/**
 * Where one is, after the `#`: no server sees it, so ids of children and threads stand in no server's log, and the page
 * can be served as plain files.
 */

import { useSyncExternalStore } from "react";

export interface InboxFilter {
  unread?: boolean;
  mine?: boolean;
  unit?: string;
  child?: string;
}

export type Route =
  | { page: "inbox"; filter: InboxFilter }
  | { page: "thread"; id: string }
  | { page: "write"; child: string | null; unit: string | null }
  | { page: "group"; id: string }
  | { page: "unit"; id: string };

export function readRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page, id] = path.split("/").map(decodeURIComponent);
  const asked = new URLSearchParams(search);
  if ((page === "thread" || page === "group" || page === "unit") && id) return { page, id };
  if (page === "write") return { page, child: asked.get("child"), unit: asked.get("unit") };
  const unit = asked.get("unit");
  const child = asked.get("child");
  return {
    page: "inbox",
    filter: {
      ...(asked.has("unread") && { unread: true }),
      ...(asked.has("mine") && { mine: true }),
      ...(unit && { unit }),
      ...(child && { child }),
    },
  };
}

export function hrefTo(route: Route): string {
  if (route.page === "inbox") return withSearch("#/inbox", { ...route.filter });
  if (route.page === "write") return withSearch("#/write", { child: route.child, unit: route.unit });
  return `#/${route.page}/${encodeURIComponent(route.id)}`;
}

function withSearch(path: string, values: Record<string, string | boolean | null | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value) search.set(name, value === true ? "1" : value);
  }
  return search.size > 0 ? `${path}?${search}` : path;
}

export function goTo(route: Route): void {
  location.hash = hrefTo(route);
}

function onHash(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

export function useHash(): string {
  return useSyncExternalStore(onHash, () => location.hash);
}
