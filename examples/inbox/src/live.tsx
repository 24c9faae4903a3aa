/**
 * What happens while the page is open. An event is a hint: whoever shows something asks for it anew, as the viewer, and
 * so shows what may be seen now. `inboxChanged` tells something at once whenever it begins, so that after a break all that
 * is on the page is asked for once more, and nothing is missed.
 */

import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useEffect, useRef } from "react";
import type { AnyVariables } from "urql";
import { type Connection, useConnection } from "./client";
import { useAnnounce, useHappened } from "./events";
import { graphql } from "./gql";
import { useTexts } from "./texts";

const RECEIVED = graphql(`
  subscription MessageReceived($after: String) {
    messageReceived(after: $after) { id retractedAt author { id name } thread { id subject } }
  }
`);

// `thread` is asked for since an event is told when what is asked for has changed: with the count alone, nobody would hear
// of a thread that they were taken into and that has nothing unread.
const INBOX_CHANGED = graphql(`
  subscription InboxChanged {
    inboxChanged { unreadCount thread { id } }
  }
`);

const MILLISECONDS_BEFORE_RETRY = 500;
const MOST_MILLISECONDS_BEFORE_RETRY = 15_000;

interface Props {
  me: string | null;
}

/** Listens for as long as it is on the page. */
export function Live({ me }: Props) {
  const says = useTexts();
  const connection = useConnection();
  const happened = useHappened();
  const announce = useAnnounce();
  const current = useRef({ me, says });
  current.current = { me, says };

  useEffect(() => {
    const received = keepListening(
      connection,
      RECEIVED,
      (after) => ({ after }),
      ({ messageReceived }) => {
        const { author, thread, retractedAt } = messageReceived;
        if (author.id !== current.current.me && !retractedAt) {
          announce(current.current.says.live.arrived(author.name, thread.subject));
        }
        happened();
      },
      happened,
    );
    // Read elsewhere, or more or less to see than before.
    const changed = keepListening(connection, INBOX_CHANGED, () => ({}), happened, happened);
    return () => {
      received();
      changed();
    };
  }, [connection, happened, announce]);

  return null;
}

/** Subscribes, and again after each break, a little later each time; returns how to stop. */
function keepListening<T, V extends AnyVariables>(
  { client, beforeRetry, beginning }: Connection,
  document: TypedDocumentNode<T, V>,
  from: (after: string | null) => V,
  tell: (data: T) => void,
  missed: () => void,
): () => void {
  let over = false;
  let wait = MILLISECONDS_BEFORE_RETRY;
  let timer: number | undefined;
  let after: string | null = null;
  let subscription: { unsubscribe: () => void } | undefined;
  const begin = () => {
    let broken = false;
    subscription = client.subscription(document, from(after)).subscribe(({ data, error, extensions, hasNext }) => {
      if (over || broken) return;
      if (error?.graphQLErrors.some((one) => one.extensions.code === "TOO_MUCH_MISSED")) {
        // More than is told one by one; the subscription goes on from here.
        missed();
      } else if (error || !hasNext) {
        broken = true;
        // Where the server says no, begin with what comes now.
        after = error?.graphQLErrors.length ? null : (after ?? beginning());
        timer = window.setTimeout(again, wait * (0.5 + Math.random()));
        wait = Math.min(wait * 2, MOST_MILLISECONDS_BEFORE_RETRY);
      } else if (data) {
        wait = MILLISECONDS_BEFORE_RETRY;
        // Where this stream has come to; begun again there, it tells what came meanwhile.
        if (typeof extensions?.cursor === "string") after = extensions.cursor;
        tell(data);
      }
    });
  };
  const again = async () => {
    timer = undefined;
    subscription?.unsubscribe();
    await beforeRetry().catch(() => {});
    if (!over) begin();
  };
  const online = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    void again();
  };
  addEventListener("online", online);
  begin();
  return () => {
    over = true;
    removeEventListener("online", online);
    clearTimeout(timer);
    subscription?.unsubscribe();
  };
}
