/** Tells whoever shows something that something has happened, so that they ask for it anew. */

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef } from "react";

const MILLISECONDS_TO_GATHER = 100;

type Listener = () => void;
interface Events {
  listen: (listener: Listener) => () => void;
  /** Tell everyone on the page that something has happened; several at once are one. */
  happened: () => void;
}

const EventsContext = createContext<Events>({ listen: () => () => {}, happened: () => {} });

export function useEvents(listener: Listener, live = true): void {
  const { listen } = useContext(EventsContext);
  useEffect(() => (live ? listen(listener) : undefined), [listen, listener, live]);
}

export function useHappened(): () => void {
  return useContext(EventsContext).happened;
}

export function EventsProvider({ children }: { children: ReactNode }) {
  const listeners = useRef(new Set<Listener>());
  const timer = useRef<number | null>(null);
  const listen = useCallback((listener: Listener) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }, []);
  const happened = useCallback(() => {
    timer.current ??= window.setTimeout(() => {
      timer.current = null;
      for (const listener of listeners.current) listener();
    }, MILLISECONDS_TO_GATHER);
  }, []);
  useEffect(() => () => void (timer.current !== null && clearTimeout(timer.current)), []);
  const events = useMemo(() => ({ listen, happened }), [listen, happened]);
  return <EventsContext value={events}>{children}</EventsContext>;
}
