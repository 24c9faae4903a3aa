/**
 * One key for each attempt to send. Sent again unchanged, after an answer that was not heard, it bears the same key and is
 * carried out once; another text is another attempt.
 */

import { useMemo, useRef } from "react";

export interface Attempt {
  keyFor: (input: object) => string;
  /** The server has answered: what is sent next is something new. */
  answered: () => void;
}

export function useAttempt(): Attempt {
  const open = useRef<{ input: string; key: string } | null>(null);
  return useMemo(
    () => ({
      keyFor: (input) => {
        const written = JSON.stringify(input);
        if (open.current?.input !== written) open.current = { input: written, key: crypto.randomUUID() };
        return open.current.key;
      },
      answered: () => {
        open.current = null;
      },
    }),
    [],
  );
}
