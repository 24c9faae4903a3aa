/** One conversation: who takes part, what was written, and a reply. */

import { useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { useAnswer } from "./asking";
import { type Failure, failureOf } from "./client";
import { useHappened } from "./events";
import { AttachmentList } from "./files";
import { graphql } from "./gql";
import type { MessagePartsFragment, ParticipantPartsFragment, Relation } from "./gql/graphql";
import { useMe } from "./me";
import { Failed, Gone, Heading, Waiting } from "./parts";
import { type Problem, Problems } from "./problems";
import { Reply } from "./reply";
import { hrefTo } from "./routes";
import { TakeIn } from "./take_in";
import { useTexts } from "./texts";
import { useTimes } from "./times";

export const MESSAGE_PARTS = graphql(`
  fragment MessageParts on Message {
    id
    body
    sentAt
    retractedAt
    attachments { ...AttachmentParts }
    author { __typename id name }
    onBehalfOf { id name }
  }
`);

export const PARTICIPANT_PARTS = graphql(`
  fragment ParticipantParts on Participant {
    side
    joinedAt
    lastReadAt
    person { __typename id name }
  }
`);

const THREAD = graphql(`
  query ThreadPage($id: ID!, $last: Int!) {
    node(id: $id) {
      __typename
      ... on Thread {
        id
        subject
        joint
        unreadCount
        unit { id name phone }
        child { id name relations }
        participants { ...ParticipantParts }
        messages(last: $last) {
          nodes { ...MessageParts }
          pageInfo { hasPreviousPage }
        }
      }
    }
  }
`);

const MARK_READ = graphql(`
  mutation MarkThreadRead($input: MarkThreadReadInput!) {
    markThreadRead(input: $input) { thread { id unreadCount } problems { ...ProblemParts } }
  }
`);

const RETRACT = graphql(`
  mutation RetractMessage($input: RetractMessageInput!) {
    retractMessage(input: $input) { message { id retractedAt } problems { ...ProblemParts } }
  }
`);

const STAFF = new Set<Relation>(["CONTACT_TEACHER", "SUBJECT_STAFF", "UNIT_STAFF", "UNIT_LEADER"]);
const MESSAGES = 10;
const MOST_MESSAGES = 500;

export function ThreadPage({ id }: { id: string }) {
  const says = useTexts();
  const me = useMe();
  const [last, setLast] = useState(MESSAGES);
  const { data, failure, refresh } = useAnswer(THREAD, { id, last });
  // While an earlier stretch is fetched, what is there stays.
  const shown = useRef(data);
  if (data) shown.current = data;
  const node = shown.current?.node;
  const thread = node?.__typename === "Thread" ? node : null;
  const messages = thread?.messages.nodes ?? [];
  const seen = useMarkRead(id, messages, thread?.unreadCount ?? 0);

  if (shown.current === null) return failure ? <Failed failure={failure} onRetry={refresh} /> : <Waiting />;
  if (thread === null) return <Gone text={says.thread.gone} />;
  const readByOthers = lastReadByOthers(thread.participants, me.person?.id);
  return (
    <article>
      <Heading title={thread.subject}>{thread.subject}</Heading>
      <dl className="facts">
        <dt>{says.thread.about}</dt>
        <dd>{thread.child.name}</dd>
        <dt>{says.thread.unit}</dt>
        <dd>{thread.unit.name}</dd>
        {thread.unit.phone && (
          <>
            <dt>{says.thread.phone}</dt>
            <dd>
              <a href={`tel:${thread.unit.phone.replaceAll(" ", "")}`}>{thread.unit.phone}</a>
            </dd>
          </>
        )}
      </dl>
      {thread.joint && <p className="notice">{says.thread.jointHint}</p>}
      <section aria-labelledby="participants">
        <h2 id="participants">{says.thread.participants}</h2>
        <Participants participants={thread.participants} />
        {thread.child.relations.some((relation) => STAFF.has(relation)) && <TakeIn threadId={thread.id} />}
      </section>
      <section aria-labelledby="messages">
        <h2 id="messages">{says.thread.messages}</h2>
        {failure && <Failed failure={failure} onRetry={refresh} />}
        {thread.messages.pageInfo.hasPreviousPage && last < MOST_MESSAGES && (
          <button type="button" onClick={() => setLast(Math.min(last + MESSAGES, MOST_MESSAGES))}>
            {says.thread.earlier}
          </button>
        )}
        {messages.length === 0 && <p>{says.thread.none}</p>}
        <ol className="messages">
          {messages.map((message) => (
            <MessageItem
              key={message.id}
              message={message}
              own={message.author.id === me.person?.id}
              read={Date.parse(message.sentAt) <= readByOthers}
            />
          ))}
        </ol>
        <div ref={seen} />
      </section>
      {thread.child.relations.length > 0 ? (
        <Reply
          threadId={thread.id}
          unit={thread.unit}
          mayBehalf={thread.child.relations.some((relation) => relation === "UNIT_STAFF" || relation === "UNIT_LEADER")}
        />
      ) : (
        <p className="notice">{says.thread.closed}</p>
      )}
      {thread.child.relations.length > 0 && (
        <p>
          <a href={hrefTo({ page: "write", child: thread.child.id, unit: thread.unit.id })}>
            {says.thread.newAbout(thread.child.name)}
          </a>
        </p>
      )}
    </article>
  );
}

/** Marks the thread read up to its last message once the end of it is on the screen and the page is looked at. */
function useMarkRead(threadId: string, messages: { id: string }[], unread: number) {
  const client = useClient();
  const happened = useHappened();
  const end = useRef<HTMLDivElement>(null);
  const marked = useRef<string | null>(null);
  const newest = messages.at(-1)?.id ?? null;
  useEffect(() => {
    if (end.current === null || newest === null || unread === 0) return;
    let onScreen = false;
    const mark = () => {
      if (!onScreen || document.visibilityState !== "visible" || marked.current === newest) return;
      marked.current = newest;
      void client
        .mutation(MARK_READ, { input: { threadId, upToMessageId: newest } })
        .toPromise()
        .then(({ data }) => {
          if (data?.markThreadRead.problems.length === 0) happened();
          else marked.current = null;
        });
    };
    const observer = new IntersectionObserver(([entry]) => {
      onScreen = entry?.isIntersecting ?? false;
      mark();
    });
    observer.observe(end.current);
    document.addEventListener("visibilitychange", mark);
    return () => {
      observer.disconnect();
      document.removeEventListener("visibilitychange", mark);
    };
  }, [client, happened, threadId, newest, unread]);
  return end;
}

/** Until when the other side has read; what they have read can no longer be retracted, and the server has the last word. */
function lastReadByOthers(participants: ParticipantPartsFragment[], me: string | undefined): number {
  // Whoever sees a thread without being in it is of the unit.
  const side = participants.find(({ person }) => person.id === me)?.side ?? "UNIT";
  const others = participants.filter((one) => one.side !== side);
  return Math.max(0, ...others.map(({ lastReadAt }) => (lastReadAt ? Date.parse(lastReadAt) : 0)));
}

function Participants({ participants }: { participants: ParticipantPartsFragment[] }) {
  const says = useTexts();
  const me = useMe();
  const { day, moment } = useTimes();
  return (
    <ul className="participants">
      {participants.map(({ person, side, joinedAt, lastReadAt }) => (
        <li key={person.id}>
          <strong>{person.name}</strong>
          {person.id === me.person?.id && ` (${says.thread.you})`}
          <span className="badge quiet">{says.thread.side[side]}</span>
          <span className="about">
            {says.thread.joined(day(joinedAt))}
            {lastReadAt && `, ${says.thread.read(moment(lastReadAt))}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

interface MessageProps {
  message: MessagePartsFragment;
  own: boolean;
  read: boolean;
}

function MessageItem({ message, own, read }: MessageProps) {
  const says = useTexts();
  const { moment } = useTimes();
  const when = moment(message.sentAt);
  return (
    <li data-own={own || undefined}>
      <p className="about">
        <strong>{message.author.name}</strong>
        {message.onBehalfOf && ` ${says.thread.onBehalfOf(message.onBehalfOf.name)}`}
        {" · "}
        <time dateTime={message.sentAt}>{when}</time>
      </p>
      {message.retractedAt ? (
        <p>
          <em>{says.thread.retracted}</em>
        </p>
      ) : (
        <p className="body">{message.body}</p>
      )}
      <AttachmentList attachments={message.attachments} />
      {own && !read && !message.retractedAt && <Retract messageId={message.id} when={when} />}
    </li>
  );
}

function Retract({ messageId, when }: { messageId: string; when: string }) {
  const says = useTexts();
  const client = useClient();
  const happened = useHappened();
  const [busy, setBusy] = useState(false);
  const [problems, setProblems] = useState<Problem[]>([]);
  const [failure, setFailure] = useState<Failure | null>(null);
  const retract = async () => {
    setBusy(true);
    const { data, error } = await client.mutation(RETRACT, { input: { messageId } }).toPromise();
    setBusy(false);
    setFailure(error ? failureOf(error) : null);
    setProblems(data?.retractMessage.problems ?? []);
    happened();
  };
  return (
    <>
      <button
        type="button"
        className="plain"
        disabled={busy}
        aria-label={says.thread.retractThis(when)}
        onClick={retract}
      >
        {busy ? says.thread.retracting : says.thread.retract}
      </button>
      <Problems problems={problems} />
      {failure && <Failed failure={failure} />}
    </>
  );
}
