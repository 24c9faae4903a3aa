/** Questions: one answer that can be asked for anew, and lists that come in pages. */

import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { type AnyVariables, useClient } from "urql";
import { type Failure, failureOf } from "./client";
import { useEvents } from "./events";

interface Asked<T> {
  data: T | null;
  failure: Failure | null;
  asking: boolean;
}

/** The answer to a question, asked anew when it changes and, where it is `live`, whenever something has happened. */
export function useAnswer<T, V extends AnyVariables>(
  question: TypedDocumentNode<T, V>,
  variables: V,
  { live }: { live: boolean } = { live: true },
): Asked<T> & { refresh: () => void } {
  const client = useClient();
  const [asked, setAsked] = useState<Asked<T> & { key: string | null }>({
    data: null,
    failure: null,
    asking: true,
    key: null,
  });
  const key = JSON.stringify(variables);
  const latest = useRef(0);
  const ask = useCallback(async () => {
    latest.current += 1;
    const turn = latest.current;
    const { data, error } = await client.query(question, JSON.parse(key) as V).toPromise();
    // A later question has been asked meanwhile: this answer is nobody's.
    if (turn !== latest.current) return;
    const failure = error ? failureOf(error) : null;
    // Where there is no answer at all, what was answered before stays, and with it what somebody is writing below it.
    setAsked((before) => ({ data: data ?? (before.key === key ? before.data : null), failure, asking: false, key }));
  }, [client, question, key]);
  useEffect(() => {
    void ask();
    return () => {
      latest.current += 1;
    };
  }, [ask]);
  const refresh = useCallback(() => void ask(), [ask]);
  useEvents(refresh, live);
  // What was answered to another question is not shown under this one.
  if (asked.key !== key) return { data: null, failure: null, asking: true, refresh };
  return { data: asked.data, failure: asked.failure, asking: asked.asking, refresh };
}

export interface Page<T> {
  nodes: T[];
  totalCount: number;
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

interface Pages<T> extends Page<T> {
  key: string;
}

const PAGE = 25;
const LARGEST = 500;

/** A list as far as it has been paged: `more` goes on after the last cursor; an event asks for the same stretch anew. */
export function usePages<T, Q, V extends AnyVariables>(
  question: TypedDocumentNode<Q, V>,
  variables: Omit<V, "first" | "after">,
  pageOf: (answer: Q) => Page<T> | null,
) {
  const client = useClient();
  const key = JSON.stringify(variables);
  const [pages, setPages] = useState<Pages<T> | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [gone, setGone] = useState<string | null>(null);
  const latest = useRef(0);
  const shown = useRef(0);
  const read = useRef(pageOf);
  read.current = pageOf;

  const ask = useCallback(
    async (first: number, after: string | null, before: T[]) => {
      latest.current += 1;
      const turn = latest.current;
      const { data, error } = await client
        .query(question, { ...JSON.parse(key), first, after } as unknown as V)
        .toPromise();
      if (turn !== latest.current) return;
      setFailure(error ? failureOf(error) : null);
      if (!data) return;
      const page = read.current(data);
      setGone(page === null ? key : null);
      if (page === null) return;
      const nodes = [...before, ...page.nodes];
      shown.current = nodes.length;
      setPages({ ...page, nodes, key });
    },
    [client, question, key],
  );
  useEffect(() => {
    shown.current = 0;
    void ask(PAGE, null, []);
    return () => {
      latest.current += 1;
    };
  }, [ask]);
  const refresh = useCallback(() => void ask(Math.min(Math.max(PAGE, shown.current), LARGEST), null, []), [ask]);
  useEvents(refresh);

  const current = pages?.key === key ? pages : null;
  const more = () => {
    if (current?.pageInfo.endCursor) void ask(PAGE, current.pageInfo.endCursor, current.nodes);
  };
  return { pages: current, gone: gone === key, failure, more, refresh };
}
