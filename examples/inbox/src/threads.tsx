/** A list of threads, as the inbox, a child and a unit show it. */

import { graphql } from "./gql";
import type { ThreadRowFragment } from "./gql/graphql";
import { hrefTo } from "./routes";
import { useTexts } from "./texts";
import { useTimes } from "./times";

export const THREAD_ROW = graphql(`
  fragment ThreadRow on Thread {
    id
    subject
    joint
    lastMessageAt
    unreadCount
    unit { id name }
    child { id name }
    latestMessage { id body retractedAt author { name } onBehalfOf { name } }
  }
`);

export function Threads({ threads }: { threads: ThreadRowFragment[] }) {
  return (
    <ul className="threads">
      {threads.map((thread) => (
        <Row key={thread.id} thread={thread} />
      ))}
    </ul>
  );
}

function Row({ thread }: { thread: ThreadRowFragment }) {
  const says = useTexts();
  const { moment } = useTimes();
  const { latestMessage: latest } = thread;
  return (
    <li data-unread={thread.unreadCount > 0 || undefined}>
      <h2>
        <a href={hrefTo({ page: "thread", id: thread.id })}>{thread.subject}</a>
        {thread.unreadCount > 0 && <span className="badge">{says.inbox.unread(thread.unreadCount)}</span>}
        {thread.joint && <span className="badge quiet">{says.inbox.joint}</span>}
      </h2>
      <p className="about">
        {says.inbox.about(thread.child.name, thread.unit.name)}
        {" · "}
        <time dateTime={thread.lastMessageAt}>{moment(thread.lastMessageAt)}</time>
      </p>
      {latest && (
        <p className="excerpt">
          {latest.onBehalfOf?.name ?? latest.author.name}:{" "}
          {latest.retractedAt ? <em>{says.thread.retracted}</em> : latest.body}
        </p>
      )}
    </li>
  );
}
