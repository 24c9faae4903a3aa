/** Tells whoever shows something that something has happened, so that they ask for it anew; and says it aloud. */

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";

const MILLISECONDS_TO_GATHER = 100;

type Listener = () => void;
interface Events {
  listen: (listener: Listener) => () => void;
  /** Tell everyone on the page that something has happened; several at once are one. */
  happened: () => void;
  /** Say something to whoever listens to the page instead of looking at it. */
  announce: (text: string) => void;
}

const EventsContext = createContext<Events>({ listen: () => () => {}, happened: () => {}, announce: () => {} });

export function useEvents(listener: Listener, live = true): void {
  const { listen } = useContext(EventsContext);
  useEffect(() => (live ? listen(listener) : undefined), [listen, listener, live]);
}

export function useHappened(): () => void {
  return useContext(EventsContext).happened;
}

export function useAnnounce(): (text: string) => void {
  return useContext(EventsContext).announce;
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
  const [said, setSaid] = useState({ text: "", count: 0 });
  const announce = useCallback((text: string) => setSaid(({ count }) => ({ text, count: count + 1 })), []);
  const events = useMemo(() => ({ listen, happened, announce }), [listen, happened, announce]);
  return (
    <EventsContext value={events}>
      {children}
      <div className="for-ears" role="status" data-testid="announced">
        {/* The same words once more are an event too. */}
        <p key={said.count}>{said.text}</p>
      </div>
    </EventsContext>
  );
}
